import { describe, expect, test } from 'vitest';
import { CancelledError } from '#lib/base/errors.ts';
import { seededRandom } from '../../../support/random.ts';
import { issuesOf, readText, wordTokenizer } from './helpers.ts';

const sentence = (n: number, words = 10) =>
  `Sentence ${n} ${Array.from({ length: words - 3 }, (_, i) => `w${i}`).join(' ')} end.`;

describe('plain text', () => {
  test('becomes passages that know their source and place', async () => {
    const text = Array.from({ length: 12 }, (_, i) => sentence(i)).join(' ');
    const set = await readText('notes.txt', text, { passageTokens: 40, overlapTokens: 0 });
    expect(set.format).toBe('text');
    expect(set.records).toHaveLength(3);
    expect(set.passages).toEqual(
      [0, 1, 2].map((index) => ({ source: 'notes.txt', index, count: 3 }))
    );
    expect(set.records[1]).toEqual({
      text: [4, 5, 6, 7].map((n) => sentence(n)).join(' '),
      heading: null,
      source: 'notes.txt',
      passage: 2
    });
    expect(set.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'text text',
      'heading text',
      'source text',
      'passage number'
    ]);
  });

  test('passages overlap by whole sentences, as many as fit', async () => {
    const text = Array.from({ length: 7 }, (_, i) => sentence(i)).join(' ');
    const { records } = await readText('t.txt', text, { passageTokens: 40, overlapTokens: 15 });
    expect(records.map(({ text }) => text)).toEqual([
      [0, 1, 2, 3].map((n) => sentence(n)).join(' '),
      [3, 4, 5, 6].map((n) => sentence(n)).join(' ')
    ]);
  });

  test('a passage ends with its paragraph rather than tear the next one', async () => {
    const first = [0, 1, 2].map((n) => sentence(n)).join(' ');
    const second = [3, 4].map((n) => sentence(n)).join(' ');
    const { records } = await readText('t.txt', `${first}\n\n${second}\n`, {
      passageTokens: 40,
      overlapTokens: 0
    });
    expect(records.map(({ text }) => text)).toEqual([first, second]);
  });

  test('wrapped lines stay in their sentence, abbreviations in theirs', async () => {
    const text = 'One sentence that is\nwrapped, as Dr. Smith and\nA. Jones say. Another one.';
    const { records } = await readText('t.txt', text, { passageTokens: 13, overlapTokens: 0 });
    expect(records.map(({ text }) => text)).toEqual([
      'One sentence that is\nwrapped, as Dr. Smith and\nA. Jones say.',
      'Another one.'
    ]);
  });

  test('a sentence that is too long is cut at lines', async () => {
    const lines = Array.from({ length: 10 }, (_, i) => `headline ${i} without a stop`);
    const { records } = await readText('t.txt', lines.join('\n'), {
      passageTokens: 12,
      overlapTokens: 0
    });
    const found = records.flatMap(({ text }) => String(text).split('\n'));
    expect(found).toEqual(lines);
  });

  test('a run without a break is cut by the tokenizer, losing nothing', async () => {
    const run = Array.from({ length: 5000 }, (_, i) => (i * 7).toString(36)).join('');
    const { records } = await readText('t.txt', run, { passageTokens: 20, overlapTokens: 5 });
    expect(records.length).toBeGreaterThan(10);
    expect(records.map(({ text }) => text).join('')).toBe(run);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'no passage is too long and no word is lost (%i)',
    async (seed) => {
      const random = seededRandom(seed);
      const ENDS = ['. ', '! ', '\n', '\n\n', ' ', ' ', ' ', ' ', ', ', '\r\n\r\n', '\n- '];
      const words = Array.from(
        { length: 800 },
        (_, i) => `w${i}${'x'.repeat(random() < 0.02 ? 90 : 0)}`
      );
      const text = words.map((word) => word + ENDS[Math.floor(random() * ENDS.length)]!).join('');
      const passageTokens = 10 + Math.floor(random() * 40);
      const { records } = await readText('t.txt', text, { passageTokens, overlapTokens: 8 });
      const texts = records.map(({ text }) => String(text));
      for (const passage of texts) {
        expect(wordTokenizer.count(passage)).toBeLessThanOrEqual(passageTokens);
      }
      const joined = texts.join(' ');
      const short = words.filter((word) => word.length < 10);
      expect(short.filter((word) => !joined.includes(word))).toEqual([]);
    }
  );

  test('texts that look like numbers or dates stay texts', async () => {
    const { records } = await readText('2024-01-02', '42');
    expect(records).toEqual([{ text: '42', heading: null, source: '2024-01-02', passage: 1 }]);
  });

  test('stops when it is cancelled, before and during the work', async () => {
    const signal = AbortSignal.abort();
    await expect(readText('t.txt', 'text', { signal })).rejects.toBeInstanceOf(CancelledError);

    const controller = new AbortController();
    const loadTokenizer = () => {
      controller.abort();
      const start = performance.now();
      const count = () => {
        while (performance.now() - start < 60);
        return 1;
      };
      return Promise.resolve({ count, split: (text: string) => [text] });
    };
    const reading = readText('t.txt', sentence(1), { signal: controller.signal, loadTokenizer });
    await expect(reading).rejects.toBeInstanceOf(CancelledError);
  });

  test('tells how far it is, at last that all is read', async () => {
    const seen: [number, number][] = [];
    await readText('t.csv', `a,b\n${'some words,others\n'.repeat(30_000)}`, {
      onProgress: (read, total) => seen.push([read, total])
    });
    const total = 4 + 30_000 * 18;
    expect(seen.at(-1)).toEqual([total, total]);
    expect(seen.map(([read]) => read)).toEqual(seen.map(([read]) => read).sort((a, b) => a - b));
  });
});

describe('Markdown', () => {
  const read = (text: string, options = {}) =>
    readText('guide.md', text, { passageTokens: 30, overlapTokens: 10, ...options });

  test('passages carry the path of their headings and never cross one', async () => {
    const set = await read(
      'Before.\n# Guide\nIntro.\n## Install\nRun it.\n### On Linux ##\nUse apt.\n## Use\nGo.\n# End\nBye.\n'
    );
    expect(set.format).toBe('markdown');
    expect(set.records.map(({ heading, text }) => [heading, text])).toEqual([
      [null, 'Before.'],
      ['Guide', 'Intro.'],
      ['Guide › Install', 'Run it.'],
      ['Guide › Install › On Linux', 'Use apt.'],
      ['Guide › Use', 'Go.'],
      ['End', 'Bye.']
    ]);
    expect(issuesOf(set)).toEqual([]);
  });

  test('lines with # inside code fences are code', async () => {
    const code = '```sh\n# not a heading\nrun\n\n# nor this\n```';
    const { records } = await read(`# Real\n${code}\nAfter.\n\n~~~\n# open to the end`);
    expect(records.map(({ heading }) => heading)).toEqual(records.map(() => 'Real'));
    expect(records[0]!.text).toContain(code);
  });

  test('underlined titles are headings; rules are not', async () => {
    const { records } = await read(
      'Title\n=====\nText one.\n\nPart\n---\nText two.\n\n---\n\nText three.\n'
    );
    expect(records.map(({ heading }) => heading)).toEqual(['Title', 'Title › Part']);
  });

  test('a heading with nothing below is kept; marks in headings are not', async () => {
    const { records } = await read('# Empty **one**\n# [Link](http://x) `code`\nText.\n');
    expect(records.map(({ heading, text }) => [heading, text])).toEqual([
      ['Empty one', 'Empty one'],
      ['Link code', 'Text.']
    ]);
  });

  test('does not end passages inside list items', async () => {
    const items = Array.from({ length: 9 }, (_, i) => `- item ${i} has some words here`);
    const { records } = await read(`# List\n${items.join('\n')}\n`, { overlapTokens: 0 });
    expect(records.flatMap(({ text }) => String(text).split('\n'))).toEqual(items);
  });

  test('a # without a space is no heading', async () => {
    const { records } = await read('#hashtag is text.\n');
    expect(records[0]).toMatchObject({ heading: null, text: '#hashtag is text.' });
  });
});
