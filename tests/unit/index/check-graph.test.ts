import { describe, expect, test } from 'vitest';
import { checkGraph } from '#lib/index/check-graph.ts';
import { makeGraphFile } from '../../support/graph-file.ts';

const EXPECTED = { dimensions: 2, M: 2, efConstruction: 200 };

/** Three points; 0 and 2 are also on level 1, where the search starts at 0. */
function graphFile(): Uint8Array<ArrayBuffer> {
  return makeGraphFile(
    [
      { label: 10, vector: [1, 0], links: [[1, 2], [2]] },
      { label: 11, vector: [0, 1], links: [[0]] },
      { label: 12, vector: [0.6, 0.8], links: [[0, 1], [0]] }
    ],
    0
  );
}

// Words of the file above: 14 of header, 8 a point (5 links, 2 values, label), then the upper levels.
const POINT_0 = 14;
const POINT_2 = 14 + 16;
const UPPER = 14 + 24;

/** The file with some of its 32-bit words changed. */
function changed(words: Record<number, number>): Uint8Array {
  const bytes = graphFile();
  const view = new Uint32Array(bytes.buffer);
  for (const [at, word] of Object.entries(words)) view[Number(at)] = word;
  return bytes;
}

test('a sound file is accepted, wherever its bytes lie in memory', () => {
  const bytes = graphFile();
  expect(checkGraph(bytes, EXPECTED)).toBeUndefined();
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  expect(checkGraph(shifted.subarray(1), EXPECTED)).toBeUndefined();
});

test('a point marked as deleted is accepted', () => {
  expect(checkGraph(changed({ [POINT_0]: 2 | (1 << 16) }), EXPECTED)).toBeUndefined();
});

test('a file made for other vectors or with other parameters is refused', () => {
  expect(checkGraph(graphFile(), { ...EXPECTED, dimensions: 3 })).toContain('3 dimensions');
  expect(checkGraph(graphFile(), { ...EXPECTED, M: 3 })).toBe('its M is another');
  expect(checkGraph(graphFile(), { ...EXPECTED, efConstruction: 100 })).toBe(
    'its efConstruction is another'
  );
});

describe.each([
  ['the count to none', { 2: 0 }, 'it holds no points'],
  ['the count to one fewer', { 2: 2 }, 'a link leads to a point that does not exist'],
  ['the count to more than its maximum', { 2: 4 }, 'its sizes are wrong'],
  ['an offset', { 0: 4 }, 'its offsets are wrong'],
  ['a maximum below the count', { 1: 2 }, 'its sizes are wrong'],
  ['the size of a point', { 3: 36 }, 'its sizes are wrong'],
  ['the offset of the label', { 4: 24 }, 'its vectors do not have 2 dimensions'],
  ['the top level', { 6: 2 }, 'its entry point is not on the top level'],
  ['an entry point that does not exist', { 7: 3 }, 'its entry point does not exist'],
  ['an entry point below the top level', { 7: 1 }, 'its entry point is not on the top level'],
  ['the level factor', { 12: 0x7ff80000 }, 'its level factor is wrong'],
  ['too many links', { [POINT_0]: 5 }, 'a point has too many links'],
  ['bits of a head that mean nothing', { [POINT_0]: 2 | (2 << 16) }, 'a point has too many links'],
  ['a link to nowhere', { [POINT_0 + 1]: 3 }, 'a link leads to a point that does not exist'],
  ['a row that is in it twice', { [POINT_2 + 7]: 10 }, 'a row is in it twice'],
  ['a value that is not a number', { [POINT_2 + 5]: 0x7fc00000 }, 'a vector is not normalised'],
  ['a value far too large', { [POINT_2 + 5]: 0x44000000 }, 'a vector is not normalised'],
  ['the size of an upper list', { [UPPER]: 16 }, 'the size of a link list is wrong'],
  ['an upper list beyond the end', { [UPPER]: 1200 }, 'a point is above the top level'],
  ['too many upper links', { [UPPER + 1]: 3 }, 'a point has too many links'],
  [
    'an upper link to a point of level 0',
    { [UPPER + 2]: 1 },
    'a link leads to a point that does not exist'
  ]
])('a file with a change of', (what, words, reason) => {
  test(`${what} is refused`, () => {
    expect(checkGraph(changed(words), EXPECTED)).toBe(reason);
  });
});

test('a file that is cut short or has something at its end is refused', () => {
  const bytes = graphFile();
  for (let length = 0; length < bytes.length; length++) {
    expect(checkGraph(bytes.slice(0, length), EXPECTED)).toBeDefined();
  }
  const longer = new Uint8Array(bytes.length + 4);
  longer.set(bytes);
  expect(checkGraph(longer, EXPECTED)).toBe('its length is wrong');
});
