/** A stretch of a text that passages do not cross: what stands under one heading. */
export interface Section {
  /** Path of headings, such as `Guide › Install`; null above the first, and in plain text. */
  heading: string | null;
  /** Level of the heading, 1 to 6; 0 without one. */
  level: number;
  blocks: Block[];
}

/** A paragraph, or fenced code: a range of the text, in UTF-16 units. */
export interface Block {
  start: number;
  end: number;
  isCode: boolean;
}

const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/;
const UNDERLINE = /^ {0,3}(=+|-+)[ \t]*$/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/**
 * Cuts a text into sections at its headings (`# Title`, or a line underlined with `===` or `---`)
 * and these into paragraphs and fenced code. In plain text only blank lines count.
 */
export function findSections(text: string, isMarkdown: boolean): Section[] {
  const finder = new SectionFinder(isMarkdown);
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline + 1;
    finder.addLine(text.slice(start, end).trimEnd(), start, end);
    start = end;
  }
  return finder.finish(text.length);
}

class SectionFinder {
  readonly #sections: Section[] = [{ heading: null, level: 0, blocks: [] }];
  readonly #isMarkdown: boolean;
  /** Titles of the headings that are open, by level - 1. */
  #titles: (string | undefined)[] = [];
  #fence: string | undefined;
  #blockStart = -1;
  /** The open paragraph's only line, which an underline would make a heading. */
  #onlyLine: string | undefined;

  constructor(isMarkdown: boolean) {
    this.#isMarkdown = isMarkdown;
  }

  addLine(line: string, start: number, end: number): void {
    if (this.#fence !== undefined) {
      if (line.trimStart().startsWith(this.#fence) && /^[`~]+$/.test(line.trim())) {
        this.#closeBlock(end, true);
        this.#fence = undefined;
      }
      return;
    }
    if (line.trim() === '') return this.#closeBlock(start, false);
    if (this.#isMarkdown && this.#addMarkup(line, start)) return;

    this.#onlyLine = this.#blockStart === -1 ? line.trim() : undefined;
    if (this.#blockStart === -1) this.#blockStart = start;
  }

  finish(length: number): Section[] {
    this.#closeBlock(length, this.#fence !== undefined);
    return this.#sections;
  }

  /** Takes a line that opens a fence or is (part of) a heading; false for any other. */
  #addMarkup(line: string, start: number): boolean {
    const fence = FENCE.exec(line);
    if (fence) {
      this.#closeBlock(start, false);
      this.#fence = fence[1]!;
      this.#blockStart = start;
      return true;
    }
    const heading = HEADING.exec(line);
    if (heading) {
      this.#closeBlock(start, false);
      this.#openSection(heading[1]!.length, heading[2] ?? '');
      return true;
    }
    const underline = this.#onlyLine === undefined ? null : UNDERLINE.exec(line);
    if (!underline) return false;
    const title = this.#onlyLine!;
    this.#blockStart = -1;
    this.#onlyLine = undefined;
    this.#openSection(underline[1]!.startsWith('=') ? 1 : 2, title);
    return true;
  }

  #openSection(level: number, title: string): void {
    this.#titles.length = level - 1;
    this.#titles[level - 1] = plainTitle(title);
    const heading = this.#titles.filter(Boolean).join(' › ');
    this.#sections.push({ heading: heading || null, level, blocks: [] });
  }

  #closeBlock(end: number, isCode: boolean): void {
    if (this.#blockStart !== -1) {
      this.#sections.at(-1)!.blocks.push({ start: this.#blockStart, end, isCode });
    }
    this.#blockStart = -1;
    this.#onlyLine = undefined;
  }
}

/** A heading without its marks for emphasis, code and links. */
function plainTitle(title: string): string {
  return title
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\*\*|__|`/g, '')
    .trim();
}
