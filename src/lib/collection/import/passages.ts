import type { Tokenizer } from '#lib/embedding/types.ts';
import type { Pace } from './pace.ts';
import { findSections, type Block } from './sections.ts';
import { findLines, findSentences, type Span } from './sentences.ts';

/** How long passages are. */
export interface PassageOptions {
  isMarkdown: boolean;
  /** Most tokens of a passage. */
  maxTokens: number;
  /** Most tokens that a passage repeats of the one before it, in whole sentences. */
  overlapTokens: number;
  tokenizer: Tokenizer;
  pace: Pace;
}

/** A stretch of a text, and the headings above it. */
export interface TextPassage {
  text: string;
  /** Path of headings, such as `Guide › Install`. */
  heading: string | null;
}

/** A sentence, a line of code, or a piece of what is too long to stay whole. */
interface Unit extends Span {
  tokens: number;
}

/**
 * Cuts a text into passages of at most `maxTokens` tokens (counted sentence by sentence). They end
 * at the ends of sentences, rather of paragraphs, and never cross a heading; sentences and code that
 * are too long are cut at lines, and what has none by the tokenizer. Every passage is the text
 * between two places, trimmed; but for blank space and headings nothing is lost.
 */
export async function cutPassages(text: string, options: PassageOptions): Promise<TextPassage[]> {
  const sections = findSections(text, options.isMarkdown);
  const passages: TextPassage[] = [];
  for (const [i, { heading, level, blocks }] of sections.entries()) {
    for (const { start, end } of await packSection(text, blocks, options)) {
      passages.push({ text: text.slice(start, end).trim(), heading });
    }
    // A heading with nothing below it is in no path but its own.
    const isParent = (sections[i + 1]?.level ?? 0) > level;
    if (blocks.length === 0 && heading !== null && !isParent) {
      passages.push({ text: heading.split(' › ').at(-1)!, heading });
    }
  }
  return passages.filter((passage) => passage.text !== '');
}

async function packSection(
  text: string,
  blocks: Block[],
  options: PassageOptions
): Promise<Span[]> {
  const { maxTokens, overlapTokens, pace } = options;
  const packer = new Packer(maxTokens, overlapTokens);
  for (const block of blocks) {
    const units: Unit[] = [];
    let tokens = 0;
    for (const unit of unitsOf(text, block, options)) {
      units.push(unit);
      tokens += unit.tokens;
      if (pace.due()) await pace.rest();
    }
    packer.startBlock(tokens);
    for (const unit of units) packer.add(unit);
  }
  return packer.finish();
}

/** Fills passages with units, one after the other. */
class Packer {
  readonly #spans: Span[] = [];
  readonly #maxTokens: number;
  readonly #overlapTokens: number;
  #units: Unit[] = [];
  #tokens = 0;
  /** How many of the units are new, not repeated from the passage before. */
  #fresh = 0;

  constructor(maxTokens: number, overlapTokens: number) {
    this.#maxTokens = maxTokens;
    this.#overlapTokens = overlapTokens;
  }

  /** Ends the passage before a block that would be torn, when it is at least half full. */
  startBlock(tokens: number): void {
    const isHalfFull = this.#tokens * 2 >= this.#maxTokens;
    if (isHalfFull && this.#tokens + tokens > this.#maxTokens) this.#flush();
  }

  add(unit: Unit): void {
    if (this.#tokens + unit.tokens > this.#maxTokens) this.#flush();
    while (this.#units.length > 0 && this.#tokens + unit.tokens > this.#maxTokens) {
      this.#tokens -= this.#units.shift()!.tokens;
    }
    this.#units.push(unit);
    this.#tokens += unit.tokens;
    this.#fresh++;
  }

  finish(): Span[] {
    this.#flush();
    return this.#spans;
  }

  #flush(): void {
    if (this.#fresh === 0) return;
    this.#spans.push({ start: this.#units[0]!.start, end: this.#units.at(-1)!.end });
    // The overlap leaves at least one unit behind, so that every passage begins later.
    let from = this.#units.length;
    let tokens = 0;
    while (from > 1 && tokens + this.#units[from - 1]!.tokens <= this.#overlapTokens) {
      tokens += this.#units[--from]!.tokens;
    }
    this.#units = this.#units.slice(from);
    this.#tokens = tokens;
    this.#fresh = 0;
  }
}

function* unitsOf(
  text: string,
  block: Block,
  { tokenizer, maxTokens }: PassageOptions
): Generator<Unit, void, void> {
  const count = (span: Span): Unit => ({ ...span, tokens: countTokens(text, span, tokenizer) });
  for (const span of block.isCode ? findLines(text, block) : findSentences(text, block)) {
    const unit = count(span);
    if (unit.tokens <= maxTokens) {
      yield unit;
      continue;
    }
    for (const line of findLines(text, span)) {
      const lineUnit = count(line);
      if (lineUnit.tokens <= maxTokens) {
        yield lineUnit;
        continue;
      }
      let start = line.start;
      for (const piece of tokenizer.split(text.slice(line.start, line.end), maxTokens)) {
        yield count({ start, end: start + piece.length });
        start += piece.length;
      }
    }
  }
}

/** Tokens of a span with the white space before it, not behind: tokens begin with their space. */
function countTokens(text: string, span: Span, tokenizer: Tokenizer): number {
  const gap = /\s*$/.exec(text.slice(Math.max(0, span.start - 8), span.start))![0].length;
  return tokenizer.count(text.slice(span.start - gap, span.end).trimEnd());
}
