import { countTokens } from 'gpt-tokenizer/encoding/cl100k_base';
import { describe, expect, test, vi, onTestFinished } from 'vitest';
import { CancelledError, ImportError } from '#lib/base/errors.ts';
import type { Space } from '#lib/base/space.ts';
import { getCollection, listCollections } from '#lib/collection/store/collections.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { killRows } from '#lib/collection/store/dead.ts';
import { commitSegment } from '#lib/collection/store/segments.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import { makeImporter } from '#lib/workers/clients.ts';
import { ImportApi, type MeasureFor } from '#lib/workers/import-api.ts';
import { ItemsApi } from '#lib/workers/items-api.ts';
import { spaceKey } from '#lib/base/space.ts';
import {
  batchOf,
  databaseInBucket,
  expectCode,
  freshDatabase,
  keyOf,
  putCachedVector,
  recordsByStore,
  vectorOf
} from '../store/support.ts';
import {
  choices,
  itemsOf,
  jsonFile,
  manyTexts,
  NEVER,
  NO_PROGRESS,
  smallSpace,
  stageTexts
} from './support.ts';

const MODEL: MeasureFor = { space: smallSpace(), maxInputTokens: 8191 };

function makeApi(db: Database) {
  const api = new ImportApi(() => Promise.resolve(db));
  return {
    api,
    open: (records: object[], name?: string) =>
      api.open(jsonFile(records, name), NO_PROGRESS, NEVER),
    openText: (text: string, name: string) =>
      api.open({ kind: 'file', name, blob: new Blob([text]) }, NO_PROGRESS, NEVER),
    measure: (template = '{text}', model = MODEL, idField: string | null = null) =>
      api.measure({ template, idField }, model, NO_PROGRESS, NEVER)
  };
}

/** Gives the rows of a collection vectors, under the hashes of these texts. */
async function embed(db: Database, id: CollectionId, texts: string[], space: Space) {
  await commitSegment(db, batchOf(id, [...texts.keys()], texts, space));
}

describe('measuring', () => {
  test('counts what the tokeniser counts, repeated texts once, and no blank rows', async () => {
    const { open, measure } = makeApi(await freshDatabase());
    const texts = ['Grüße aus Köln 🎉', 'a b c', ' ', 'a b c', 'naïve <|endoftext|> text', ''];
    await open(texts.map((text, n) => ({ text, n })));
    const plain = { disallowedSpecial: new Set<string>() };
    const [koln, abc, naive] = [0, 1, 4].map((n) => countTokens(`Text: ${texts[n]!}`, plain));
    const measured = await measure('Text: {text}');
    expect(measured).toMatchObject({ items: 4, blank: 2, repeated: 1, overLimit: 0 });
    expect(measured.tokens).toBe(koln! + 2 * abc! + naive!);
    expect(measured.tokensToBuy).toBe(koln! + abc! + naive!);
    expect(measured.issues.map(({ code }) => code)).toEqual(['blank-text', 'blank-text']);
    expect(measured.issueCount).toBe(2);
  });

  test('lists what the template names and no column is', async () => {
    const { open, measure } = makeApi(await freshDatabase());
    await open([{ text: 'a' }]);
    const measured = await measure('{text} {tittle}');
    expect(measured.issues).toEqual([
      { code: 'unknown-field', message: expect.stringContaining('“tittle”') as string }
    ]);
  });

  test('lists the items over the limit', async () => {
    const { open, measure } = makeApi(await freshDatabase());
    await open([
      { id: 'short', text: 'a' },
      { id: 'long', text: 'one two three four' }
    ]);
    const measured = await measure('{text}', { space: null, maxInputTokens: 3 }, 'id');
    expect(measured.overLimit).toBe(1);
    expect(measured.issues).toEqual([
      { code: 'over-limit', message: expect.stringContaining('Item long has 4 tokens') as string }
    ]);
  });

  test('counts every issue though it lists the first thousand', async () => {
    const { open, measure } = makeApi(await freshDatabase());
    await open(Array.from({ length: 1501 }, (_, n) => ({ text: n === 0 ? 'a' : ' ', n })));
    const measured = await measure();
    expect(measured).toMatchObject({ blank: 1500, issueCount: 1500 });
    expect(measured.issues).toHaveLength(1000);
  });

  test('buys nothing that is held: in the same space, in a larger one, in the query cache', async () => {
    const db = await freshDatabase();
    const { open, measure } = makeApi(db);
    const larger = smallSpace(1536);
    const space = smallSpace(512);
    await embed(db, await stageTexts(db, ['larger'], larger), ['larger'], larger);
    await embed(db, await stageTexts(db, ['same'], space), ['same'], space);
    const shorter = smallSpace(256);
    await embed(db, await stageTexts(db, ['shorter'], shorter), ['shorter'], shorter);
    await putCachedVector(db, spaceKey(space), keyOf('cached'), vectorOf(1, 512));
    const other = { ...space, model: 'text-embedding-3-large' };
    await embed(db, await stageTexts(db, ['other'], other), ['other'], other);

    const bought = countTokens('shorter') + countTokens('other');
    const all = bought + countTokens('larger') + countTokens('same') + countTokens('cached');
    await open(['larger', 'same', 'cached', 'shorter', 'other'].map((text) => ({ text })));
    const measured = await measure('{text}', { ...MODEL, space });
    expect(measured).toMatchObject({ tokens: all, tokensToBuy: bought });
    expect((await measure('{text}', { ...MODEL, space: null })).tokensToBuy).toBe(all);
  });

  test('of another file counts that file, though a measure of the last one is under way', async () => {
    const { api, open, measure } = makeApi(await freshDatabase());
    await open(manyTexts(3000).map((text) => ({ text })));
    const first = measure();
    await open([{ text: 'just one' }]);
    await first;
    expect(await measure()).toMatchObject({ items: 1, tokens: 2 });
    expect(await api.preview('{text}', null)).toHaveLength(1);
  });

  test('refuses a template that is wrong', async () => {
    const { api, open, measure } = makeApi(await freshDatabase());
    await open([{ text: 'a' }]);
    const refusal = { code: 'template', detail: { position: 2 } };
    await expect(measure('a {text')).rejects.toBeInstanceOf(ImportError);
    await expect(measure('a {text')).rejects.toMatchObject(refusal);
    await expect(api.preview('a {text', null)).rejects.toMatchObject(refusal);
    await expect(api.stage(choices({ template: 'a {text' }), NEVER)).rejects.toMatchObject(refusal);
  });
});

describe('a preview', () => {
  test('shows the first rows with a text, under their title', async () => {
    const { api, open } = makeApi(await freshDatabase());
    await open([
      { title: 'none', text: '' },
      { title: 'one', text: 'a' },
      { title: null, text: 'b' },
      ...manyTexts(9).map((text) => ({ title: 't', text }))
    ]);
    const rows = await api.preview('{text}!', 'title');
    expect(rows.map(({ title, text }) => [title, text])).toEqual([
      ['one', 'a!'],
      ['', 'b!'],
      ['t', 'text number 0!'],
      ['t', 'text number 1!']
    ]);
    expect(rows[0]!.tokens).toBe(countTokens('a!'));
  });
});

describe('opening, in the worker', () => {
  /** A worker that holds a draft of one row, and a file that takes long to read. */
  async function setUp() {
    const importer = makeImporter();
    onTestFinished(() => importer.end());
    await importer.api.open(jsonFile([{ text: 'the last draft' }]), NO_PROGRESS, NEVER);
    const rows = manyTexts(60_000).map((text, n) => `${n},"${text}, quoted and long enough"`);
    const blob = new Blob([`n,text\n${rows.join('\n')}`]);
    return { api: importer.api, long: { kind: 'file' as const, name: 'long.csv', blob } };
  }

  test('can be aborted while it runs, and keeps the last draft', async () => {
    const { api, long } = await setUp();
    const reading = new AbortController();
    const opened = api.open(long, () => reading.abort(), reading.signal);
    await expect(opened).rejects.toBeInstanceOf(CancelledError);
    expect(await api.preview('{text}', null)).toMatchObject([{ text: 'the last draft' }]);
  });

  test('keeps the last draft when nothing in the file can be read', async () => {
    const { api } = await setUp();
    const empty = { kind: 'file' as const, name: 'a.csv', blob: new Blob(['a,b\n']) };
    const failed = api.open(empty, NO_PROGRESS, NEVER);
    await expect(failed).rejects.toBeInstanceOf(ImportError);
    await expect(failed).rejects.toMatchObject({ code: 'empty' });
    expect(await api.preview('{text}', null)).toMatchObject([{ text: 'the last draft' }]);
  });

  test('lets a measure be aborted while it runs, and done again', async () => {
    const { api, long } = await setUp();
    const { records } = await api.open(long, NO_PROGRESS, NEVER);
    const counting = new AbortController();
    const text = { template: '{text}', idField: 'n' };
    const aborted = api.measure(text, MODEL, () => counting.abort(), counting.signal);
    await expect(aborted).rejects.toBeInstanceOf(CancelledError);
    const counted: number[] = [];
    const measured = await api.measure(text, MODEL, (done) => counted.push(done), NEVER);
    expect(measured.items).toBe(records);
    expect(counted).toEqual(counted.toSorted((a, b) => a - b));
  });
});

describe('staging', () => {
  test('keeps exactly these items, with the fields that the template and the title need', async () => {
    const db = await freshDatabase();
    const { api, open } = makeApi(db);
    await open([
      { id: 'x', text: 'first', note: 'n1', price: 1, secret: 's' },
      { id: 'y', text: '', note: '', price: 2, secret: 's' },
      { id: 'x', text: 'last', note: 'n3', price: 3, secret: 's' },
      { id: 'z', text: 'other', note: 'n4', price: 4, secret: 's' }
    ]);
    const template = '{text}: {note}';
    const staged = choices({ template, idField: 'id', titleField: 'note', keep: ['price'] });
    await api.stage({ ...staged, keep: ['price'] }, NEVER);

    expect(await itemsOf(db, staged.id)).toEqual(
      [
        { row: 0, id: 'x', fields: { text: 'last', note: 'n3', price: 3 } },
        { row: 1, id: 'z', fields: { text: 'other', note: 'n4', price: 4 } }
      ].map((item) => {
        const text = `${item.fields.text}: ${item.fields.note}`;
        return { ...item, textHash: keyOf(text), tokens: countTokens(text), replaces: undefined };
      })
    );
    const { fields, nextRow, ...kept } = await getCollection(db, staged.id);
    expect(kept).toMatchObject({ name: 'Things', space: staged.space, template, idField: 'id' });
    expect(nextRow).toBe(2);
    expect(fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'text text',
      'note text',
      'price number'
    ]);
  });

  test('keeps where passages come from', async () => {
    const db = await freshDatabase();
    const { api, openText } = makeApi(db);
    await openText('# One\n\nFirst.\n\n# Two\n\nSecond.', 'notes.md');
    const staged = choices();
    await api.stage(staged, NEVER);
    expect(await itemsOf(db, staged.id)).toMatchObject([
      { id: 'notes.md#1', passage: { source: 'notes.md', index: 0, count: 2 } },
      { id: 'notes.md#2', passage: { source: 'notes.md', index: 1, count: 2 } }
    ]);
  });

  test('beyond the storage leaves nothing', async () => {
    const { db } = await databaseInBucket(3_000_000);
    const { api, open } = makeApi(db);
    await open(Array.from({ length: 3000 }, (_, n) => ({ text: `${n} ${'long '.repeat(500)}` })));
    const before = await recordsByStore(db);
    await expectCode(api.stage(choices(), NEVER), 'quota-exceeded');
    expect(await recordsByStore(db)).toEqual(before);
    await open([{ text: 'a' }]);
    await api.stage(choices(), NEVER);
  });

  test('whose vectors would not fit is refused before anything is kept', async () => {
    const db = await freshDatabase();
    const { api, open } = makeApi(db);
    await open(manyTexts(3).map((text) => ({ text })));
    const estimate = vi.spyOn(navigator.storage, 'estimate');
    onTestFinished(() => estimate.mockRestore());
    estimate.mockResolvedValue({ usage: 0, quota: 3 * 1536 * 5 - 1 });
    await expectCode(api.stage(choices(), NEVER), 'quota-exceeded');
    expect(await listCollections(db)).toEqual([]);
    estimate.mockResolvedValue({ usage: 0, quota: 3 * 1536 * 5 });
    await api.stage(choices(), NEVER);
  });
});

describe('appending', () => {
  const ids = async (db: Database, id: CollectionId) =>
    (await itemsOf(db, id)).map((item) => item.id);

  test('under generated ids never replaces an item, though blank rows left gaps', async () => {
    const db = await freshDatabase();
    const { api, open } = makeApi(db);
    await open(['a', ' ', 'b', ' ', 'c'].map((text, n) => ({ text, n })));
    const staged = choices();
    await api.stage(staged, NEVER);
    await open(['d', 'e', 'f', 'g', 'h'].map((text) => ({ text })));
    const result = await api.append(staged.id, { idField: null, keep: ['text'] }, NEVER);
    expect(result).toMatchObject({ added: 5, replaced: 0, unchanged: 0 });
    const all = await ids(db, staged.id);
    expect(new Set(all).size).toBe(8);
    await killRows(db, staged.id, [7]);
    await api.append(staged.id, { idField: null, keep: ['text'] }, NEVER);
    expect(new Set(await ids(db, staged.id)).size).toBe(13);
  });

  test('a text of the same name adds its passages beside the first', async () => {
    const db = await freshDatabase();
    const { api, openText } = makeApi(db);
    await openText('First.', 'Pasted text');
    const staged = choices();
    await api.stage(staged, NEVER);
    await openText('Second.', 'Pasted text');
    const result = await api.append(staged.id, { idField: null, keep: [] }, NEVER);
    expect(result).toMatchObject({ added: 1, replaced: 0, unchanged: 0 });
    expect(await itemsOf(db, staged.id)).toMatchObject([
      { id: 'Pasted text#1', passage: { source: 'Pasted text' } },
      { id: 'Pasted text (2)#1', passage: { source: 'Pasted text (2)' } }
    ]);
  });

  test('with an id column replaces, and the old one stays until the new has its vector', async () => {
    const db = await freshDatabase();
    const { api, open } = makeApi(db);
    const items = new ItemsApi(() => Promise.resolve(db));
    await open([
      { id: 'x', text: 'old' },
      { id: 'y', text: 'stays' }
    ]);
    const staged = choices({ idField: 'id' });
    await api.stage(staged, NEVER);
    await embed(db, staged.id, ['old', 'stays'], staged.space);

    await open([
      { id: 'x', text: 'new' },
      { id: 'w', text: 'more' }
    ]);
    const result = await api.append(staged.id, { idField: 'id', keep: ['text'] }, NEVER);
    expect(result).toMatchObject({ added: 1, replaced: 1, unchanged: 0 });
    expect((await items.collection(staged.id)).counts).toEqual({ live: 2, pending: 2 });
    expect((await itemsOf(db, staged.id))[2]).toMatchObject({ id: 'x', replaces: 0 });
    const made = batchOf(staged.id, [2, 3], ['new', 'more'], staged.space);
    await commitSegment(db, { ...made, replaces: [0] });
    expect((await items.collection(staged.id)).counts).toEqual({ live: 3, pending: 0 });
  });

  test("renders under the collection's own template", async () => {
    const db = await freshDatabase();
    const { api, open, measure } = makeApi(db);
    await open([{ text: 'a', note: 'b' }]);
    const staged = choices({ template: '{text} {note}' });
    await api.stage(staged, NEVER);
    await open([{ text: 'c', note: 'd' }]);
    await measure('{text}');
    await api.append(staged.id, { idField: null, keep: [] }, NEVER);
    const items = new ItemsApi(() => Promise.resolve(db));
    const texts = (await items.items(staged.id, [0, 1])).map(({ text }) => text);
    expect(texts).toEqual(['a b', 'c d']);
    expect((await itemsOf(db, staged.id))[1]!.textHash).toBe(keyOf('c d'));
  });
});

describe('a collection that is embedded again', () => {
  test('keeps ids, texts and types, and only what is live', async () => {
    const db = await freshDatabase();
    const { api, open } = makeApi(db);
    await open([
      { id: 'a', text: 'dead', version: 'none' },
      { id: 'b', text: 'old', version: '1.10' },
      { id: 'c', text: 'kept', version: '1.90' }
    ]);
    const first = choices({ idField: 'id', template: '{text} {version}', keep: ['id'] });
    await api.stage(first, NEVER);
    await embed(db, first.id, ['dead none', 'old 1.10', 'kept 1.90'], first.space);
    await killRows(db, first.id, [0]);
    await open([{ id: 'b', text: 'new', version: 'v2' }]);
    await api.append(first.id, { idField: 'id', keep: [] }, NEVER);

    const source = { kind: 'collection' as const, id: first.id };
    const summary = await api.open(source, NO_PROGRESS, NEVER);
    expect(summary).toMatchObject({ records: 2, template: first.template, idField: 'id' });
    expect(summary.columns.find(({ name }) => name === 'version')!.type).toBe('text');
    const again = choices({ template: summary.template, idField: 'id', keep: ['id'] });
    await api.stage(again, NEVER);
    expect((await itemsOf(db, again.id)).map(({ id, textHash }) => [id, textHash])).toEqual([
      ['b', keyOf('new v2')],
      ['c', keyOf('kept 1.90')]
    ]);
  });
});
