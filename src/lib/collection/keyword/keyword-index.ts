import { bitAt } from '#lib/base/bits.ts';
import type { Row } from '#lib/base/ids.ts';
import { loadSqlite, type Sqlite, type SqliteModule } from './sqlite.ts';
import { wordsOf } from '#lib/base/words.ts';

/** Items that have words of a question, the best first; equals by row. */
export interface KeywordHits {
  rows: Uint32Array<ArrayBuffer>;
  /** BM25, higher is better. */
  scores: Float32Array<ArrayBuffer>;
  /** The words that were looked for, as they are compared. */
  words: string[];
}

const SCHEMA = `
  create virtual table words using fts5(text, content='', tokenize='ascii');
  create virtual table vocabulary using fts5vocab(words, 'row');
`;
/** Words of a question that are looked for: a long text asks with its first ones. */
const MOST_WORDS = 64;
/** Hits read at first for each one wanted, since some may not be allowed. */
const OVERFETCH = 4;

/**
 * Which words the texts of a collection have, for ranking by BM25 (k1 1.2, b 0.75, as SQLite's FTS5 has
 * it). Rows are only ever added; which of them may be found is said with each question.
 * @see https://sqlite.org/fts5.html#the_bm25_function
 */
export class KeywordIndex {
  readonly #sqlite: SqliteModule;
  readonly #db: Sqlite;
  /** Rows below it have been taken in. */
  size: Row = 0;
  #texts = 0;
  /** How many items have a word, for words that were asked for: counting goes through all of them. */
  readonly #counts = new Map<string, number>();

  private constructor(sqlite: SqliteModule, db: Sqlite) {
    this.#sqlite = sqlite;
    this.#db = db;
  }

  /** An empty index. */
  static async create(): Promise<KeywordIndex> {
    const sqlite = await loadSqlite();
    const db = new sqlite.oo1.DB(':memory:');
    db.exec(SCHEMA);
    return new KeywordIndex(sqlite, db);
  }

  /** An index from what {@link serialise} wrote, and nothing else: its bytes are trusted. */
  static async load(bytes: Uint8Array, size: Row): Promise<KeywordIndex> {
    const sqlite = await loadSqlite();
    const { capi, wasm } = sqlite;
    const db = new sqlite.oo1.DB(':memory:');
    const at = wasm.allocFromTypedArray(bytes);
    const flags = capi.SQLITE_DESERIALIZE_FREEONCLOSE | capi.SQLITE_DESERIALIZE_RESIZEABLE;
    db.checkRc(capi.sqlite3_deserialize(db, 'main', at, bytes.length, bytes.length, flags));
    const index = new KeywordIndex(sqlite, db);
    index.size = size;
    index.#texts = Number(db.selectValue('select count(*) from words_docsize') ?? 0);
    return index;
  }

  /** Takes in further rows with their texts, by rising rows; `end` is the row behind the last. */
  add(items: Iterable<{ row: Row; text: string }>, end: Row): void {
    const insert = this.#db.prepare('insert into words(rowid, text) values (?, ?)');
    this.#db.exec('begin');
    try {
      for (const { row, text } of items) {
        insert.bind([row, joinWords(text)]).stepReset();
        this.#texts++;
      }
      this.#db.exec('commit');
    } catch (error) {
      this.#db.exec('rollback');
      throw error;
    } finally {
      insert.finalize();
    }
    this.size = end;
    this.#counts.clear();
  }

  /** The `k` allowed rows (a bitmap) that rank best for the words of a question. */
  search(question: string, k: number, allowed: Uint8Array): KeywordHits {
    const words = this.#telling(question);
    const rows: Row[] = [];
    const scores: number[] = [];
    if (words.length > 0 && k > 0) {
      for (let limit = k * OVERFETCH; ; limit *= 8) {
        rows.length = scores.length = 0;
        const read = this.#rank(words, limit, (row, score) => {
          if (rows.length === k || !bitAt(allowed, row)) return;
          rows.push(row);
          scores.push(score);
        });
        if (rows.length === k || read < limit) break;
      }
    }
    return { rows: Uint32Array.from(rows), scores: Float32Array.from(scores), words };
  }

  /** The whole index as bytes, for {@link load}. */
  serialise(): Uint8Array<ArrayBuffer> {
    return this.#sqlite.capi.sqlite3_js_db_export(this.#db) as Uint8Array<ArrayBuffer>;
  }

  /** Merges what was added piece by piece, so that questions read less. */
  optimise(): void {
    this.#db.exec("insert into words(words) values ('optimize')");
  }

  /** Gives its memory back. */
  close(): void {
    this.#db.close();
  }

  /**
   * The words of a question that tell items apart. BM25 gives no weight to a word that more than half of
   * the items have: it is left out, unless there is no other.
   */
  #telling(question: string): string[] {
    const found: { word: string; items: number }[] = [];
    const seen = new Set<string>();
    for (const { word } of wordsOf(question)) {
      if (seen.size === MOST_WORDS) break;
      if (seen.has(word)) continue;
      seen.add(word);
      const items = this.#count(word);
      if (items > 0) found.push({ word, items });
    }
    const telling = found.filter(({ items }) => items <= this.#texts / 2);
    return (telling.length > 0 ? telling : found).map(({ word }) => word);
  }

  #count(word: string): number {
    let items = this.#counts.get(word);
    if (items === undefined) {
      const query = 'select doc from vocabulary where term = ?';
      items = Number(this.#db.selectValue(query, word) ?? 0);
      this.#counts.set(word, items);
    }
    return items;
  }

  /** Reads the `limit` best rows; returns how many there were. */
  #rank(words: string[], limit: number, onRow: (row: Row, score: number) => void): number {
    // A word in quotes is a word, whatever it says; quotes are no part of one.
    const match = words.map((word) => `"${word}"`).join(' OR ');
    const ranked = this.#db.prepare(
      'select rowid, rank from words where words match ? order by rank, rowid limit ?'
    );
    let read = 0;
    ranked.bind([match, limit]);
    for (; ranked.step(); read++) onRow(ranked.getInt(0)!, -ranked.getFloat(1)!);
    ranked.finalize();
    return read;
  }
}

function joinWords(text: string): string {
  const words: string[] = [];
  for (const { word } of wordsOf(text)) words.push(word);
  return words.join(' ');
}
