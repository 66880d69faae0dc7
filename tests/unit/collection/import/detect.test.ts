import { describe, expect, test } from 'vitest';
import { detectFormat } from '#lib/collection/import/detect.ts';

describe('the format of', () => {
  test.each([
    ['one line of prose with commas', 'Well, this is, after all, just a sentence.', 'text'],
    ['prose with commas in every line', 'I came, I saw\nYou went, you lost\n', 'text'],
    ['verse', 'Two roads diverged in a yellow wood,\nAnd sorry I could not travel both\n', 'text'],
    ['a letter', 'Dear Ann,\n\nthanks for the book; I liked it.\n\nBest,\nBob', 'text'],
    ['a list of words', 'apple\nbanana\ncherry', 'text'],
    ['a reference in brackets', '[1] Knuth, The Art of Programming\n[2] Another', 'text'],
    ['a note in brackets', '[Note] nothing to see', 'text'],
    ['a table with commas', 'name,price\nPen,2', 'csv'],
    ['a table with spaces behind commas', 'name, price\nPen, 2\nInk, 3', 'csv'],
    ['a table with semicolons', 'name;note\nPen;good, cheap\nInk;blue', 'csv'],
    ['cells copied from a spreadsheet', 'name\tnote\nPen\tgood\nInk\tblue', 'tsv'],
    ['a JSON array', '[{"a": 1}]', 'json'],
    ['a JSON array over lines', '[\n  {"a": 1},\n  {"a": 2}\n]', 'json'],
    ['a JSON array of texts', '["a", "b"]', 'json'],
    ['a JSON object', '{\n "items": [{"a": 1}]\n}', 'json'],
    ['JSON with a mistake', '[{"a": 1} {"a": 2}]', 'json'],
    ['JSON Lines', '{"a": 1}\n{"a": 2}\n', 'jsonl'],
    ['Markdown', '# Title\n\nSome text, with commas.\n', 'markdown'],
    ['fenced code', 'Run this:\n\n```sh\nls\n```\n', 'markdown'],
    ['a Markdown table', '| a | b |\n|---|---|\n| x | y |', 'text']
  ])('%s is found by content', (_, text, format) => {
    expect(detectFormat('Pasted text', text, true)).toBe(format);
  });

  test.each([
    ['a.CSV', 'just words', 'csv'],
    ['a.tab', 'just words', 'tsv'],
    ['a.md', 'just words', 'markdown'],
    ['a.txt', '# a comment, not a heading', 'text'],
    ['a.txt', 'name\tprice\nPen\t2\n', 'tsv'],
    ['a.geojson', '{"features": []}', 'json'],
    ['a.b.json', '{"a":1}\n{"a":2}', 'jsonl'],
    ['a.jsonl', '[1,2]\n[3,4]\n', 'jsonl']
  ])('%s holding %j is told by name', (name, text, format) => {
    expect(detectFormat(name, text, true)).toBe(format);
  });

  test('JSON that the sample cuts off is JSON, even in a text', () => {
    expect(detectFormat('Pasted text', '["one", "two", "thr', false)).toBe('json');
    expect(detectFormat('a.json', '{"items": [\n{"a": 1},\n{"a": ', false)).toBe('json');
    expect(detectFormat('a.json', '{"a": 1}\n{"a": ', false)).toBe('jsonl');
  });
});
