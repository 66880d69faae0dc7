import { SemblanceError } from '#lib/base/errors.ts';
import type { Row } from '#lib/base/ids.ts';
import { wordListOf } from '#lib/base/words.ts';
import { rankByBm25, type Postings, type ScoredRows } from './bm25.ts';
import { PostingsCache } from './postings-cache.ts';
import { loadSqlite, type Sqlite, type SqliteModule } from './sqlite.ts';

/** Items that have words of a question, the best first; equals by row. Scores are BM25's. */
export interface KeywordHits extends ScoredRows {
  /** The words that were looked for, as they are compared. */
  words: string[];
  /** For each of the words, how many items have it, deleted ones included. */
  counts: number[];
}

/** Another number when texts become other words, or are kept otherwise: what was kept is of no use then. */
const FORMAT = 2;
/**
 * Words come folded and parted by spaces, so the plainest tokeniser does. SQLite's own ranking is not
 * used (see {@link KeywordIndex}), nor its counts of words, which that would need.
 */
const SCHEMA = `
  create virtual table words using fts5(text, content='', columnsize=0, tokenize='ascii');
  create virtual table vocabulary using fts5vocab(words, 'row');
  create virtual table instances using fts5vocab(words, 'instance');
  create table kept(format, texts, lengths);
`;
/** Bytes of new entries that are gathered before they are sorted in: eight times the usual is twice as fast. */
const GATHERED_BYTES = 8e6;
/** Words of a question that are looked for: a long text asks with its first ones. */
const MOST_WORDS = 64;
/** The postings of a hundred words that half of 100,000 items have. */
const CACHE_BYTES = 32e6;
const MOST_COUNTS = 10_000;

/**
 * Which words the texts of a collection have, for ranking by BM25. Rows are only ever added; which of
 * them may be found is said with each question.
 *
 * SQLite's FTS5 keeps the inverted index. The ranking goes by the same formula as its `bm25()`, over
 * postings that are read as a whole and remembered: with 100,000 texts that takes a tenth of the time,
 * and what is not allowed is left out before the best are chosen.
 */
export class KeywordIndex {
  readonly #sqlite: SqliteModule;
  readonly #db: Sqlite;
  readonly #postings = new PostingsCache(CACHE_BYTES);
  /** How many items have a word, of words that were asked for. */
  readonly #counts = new Map<string, number>();
  #size: Row = 0;
  #texts = 0;
  #words = 0;
  /** Words of each row's text; longer than {@link size} while it grows. */
  #lengths = new Uint32Array(1024);
  /** Whether rows were added that are not committed. */
  #adding = false;

  private constructor(sqlite: SqliteModule, db: Sqlite) {
    this.#sqlite = sqlite;
    this.#db = db;
  }

  /** An empty index. */
  static async create(): Promise<KeywordIndex> {
    const sqlite = await loadSqlite();
    const index = new KeywordIndex(sqlite, new sqlite.oo1.DB(':memory:'));
    index.#db.exec(SCHEMA);
    index.#db.exec(`insert into words(words, rank) values ('hashsize', ${GATHERED_BYTES})`);
    return index;
  }

  /**
   * The index that {@link serialise} wrote. Throws `SemblanceError` `keywords-damaged` when the bytes are
   * those of none, or of another version's. Whether each byte is as it was, a digest has to tell: damage
   * deep inside is found only by a search, which then throws, or finds other rows.
   */
  static async load(bytes: Uint8Array): Promise<KeywordIndex> {
    const sqlite = await loadSqlite();
    const { capi, wasm } = sqlite;
    const index = new KeywordIndex(sqlite, new sqlite.oo1.DB(':memory:'));
    const at = wasm.allocFromTypedArray(bytes);
    const flags = capi.SQLITE_DESERIALIZE_FREEONCLOSE | capi.SQLITE_DESERIALIZE_RESIZEABLE;
    try {
      const [db, length] = [index.#db, bytes.length];
      db.checkRc(capi.sqlite3_deserialize(db, 'main', at, length, length, flags));
      index.#readKept();
    } catch (error) {
      index.close();
      throw new SemblanceError(
        'keywords-damaged',
        'The kept keyword index can not be read.',
        'It is made again from the items.',
        { reason: String(error) }
      );
    }
    return index;
  }

  /** Rows below it have been taken in. */
  get size(): Row {
    return this.#size;
  }

  /**
   * Takes in further rows with their texts, by rising rows; `end` is the row behind the last. When it
   * throws, for want of memory, the index is of no use any more.
   */
  add(items: Iterable<{ row: Row; text: string }>, end: Row): void {
    // One transaction until the next question: each commit would leave a piece to be merged.
    if (!this.#adding) this.#db.exec('begin');
    this.#adding = true;
    this.#postings.clear();
    this.#counts.clear();
    this.#grow(end);
    const insert = this.#db.prepare('insert into words(rowid, text) values (?, ?)');
    try {
      for (const { row, text } of items) {
        const words = wordListOf(text);
        insert.bind([row, words.join(' ')]).stepReset();
        this.#lengths[row] = words.length;
        this.#words += words.length;
        this.#texts++;
      }
    } finally {
      insert.finalize();
    }
    this.#size = end;
  }

  /** The `k` allowed rows (a bitmap) that rank best for the words of a question. */
  search(question: string, k: number, allowed: Uint8Array): KeywordHits {
    this.#commit();
    const found = this.#telling(question);
    const lists = this.#readPostings(found);
    const lengths = {
      of: this.#lengths.subarray(0, this.#size),
      texts: this.#texts,
      words: this.#words
    };
    return {
      ...rankByBm25(lists, lengths, k, allowed),
      words: found.map(({ word }) => word),
      counts: found.map(({ items }) => items)
    };
  }

  /** The whole index as bytes, for {@link load}. */
  serialise(): Uint8Array<ArrayBuffer> {
    this.#commit();
    const lengths = new Uint8Array(this.#lengths.slice(0, this.#size).buffer);
    this.#db.exec('delete from kept');
    this.#db.exec('insert into kept values (?, ?, ?)', { bind: [FORMAT, this.#texts, lengths] });
    return this.#sqlite.capi.sqlite3_js_db_export(this.#db) as Uint8Array<ArrayBuffer>;
  }

  /** Merges what was added piece by piece, so that questions read less. */
  optimise(): void {
    this.#commit();
    this.#db.exec("insert into words(words) values ('optimize')");
  }

  /** Gives its memory back. */
  close(): void {
    this.#postings.clear();
    this.#db.close();
  }

  #commit(): void {
    if (this.#adding) this.#db.exec('commit');
    this.#adding = false;
  }

  #grow(end: Row): void {
    if (end <= this.#lengths.length) return;
    const longer = new Uint32Array(Math.max(end, 2 * this.#lengths.length));
    longer.set(this.#lengths);
    this.#lengths = longer;
  }

  #readKept(): void {
    const [format, texts, bytes] = this.#db.selectArray('select * from kept') ?? [];
    if (format !== FORMAT || typeof texts !== 'number' || !(bytes instanceof Uint8Array)) {
      throw new Error('It is of another format.');
    }
    this.#lengths = new Uint32Array(bytes.slice().buffer);
    this.#size = this.#lengths.length;
    this.#texts = texts;
    this.#words = this.#lengths.reduce((sum, length) => sum + length, 0);
  }

  /**
   * The words of a question that tell items apart, with how many items have them. BM25 gives no weight to
   * a word that more than half of the items have: it is left out, unless there is no other.
   */
  #telling(question: string): { word: string; items: number }[] {
    const words = [...new Set(wordListOf(question))].slice(0, MOST_WORDS);
    const found = words
      .map((word) => ({ word, items: this.#itemsWith(word) }))
      .filter(({ items }) => items > 0);
    const telling = found.filter(({ items }) => items <= this.#texts / 2);
    return telling.length > 0 ? telling : found;
  }

  #itemsWith(word: string): number {
    const known = this.#counts.get(word);
    if (known !== undefined) return known;
    const items = Number(
      this.#db.selectValue('select doc from vocabulary where term = ?', [word]) ?? 0
    );
    if (this.#counts.size >= MOST_COUNTS) this.#counts.clear();
    this.#counts.set(word, items);
    return items;
  }

  #readPostings(words: { word: string; items: number }[]): Postings[] {
    // Row by row through JavaScript takes three times as long.
    const sql = "select cast(group_concat(doc, ' ') as blob) from instances where term = ?";
    return words.map(({ word, items }) =>
      this.#postings.get(word, () => {
        const occurrences = this.#db.selectValue(sql, [word]) as Uint8Array;
        return countRuns(occurrences, items);
      })
    );
  }
}

const SPACE = 32;
const ZERO = 48;

/**
 * Postings from the row of each occurrence of a word, in decimal and parted by spaces: the rows rise, and
 * there are `items` of them.
 */
function countRuns(occurrences: Uint8Array, items: number): Postings {
  const rows = new Uint32Array(items);
  const counts = new Uint16Array(items);
  let at = -1;
  let row = 0;
  const take = () => {
    if (at < 0 || rows[at] !== row) rows[++at] = row;
    if (counts[at]! < 0xffff) counts[at]!++;
  };
  for (const digit of occurrences) {
    if (digit !== SPACE) {
      row = row * 10 + digit - ZERO;
      continue;
    }
    take();
    row = 0;
  }
  take();
  return { rows, counts };
}
