import { expect, test } from 'vitest';
import { bitAt } from '#lib/base/bits.ts';
import type { CollectionId, Row } from '#lib/base/ids.ts';
import { appendItems, countRows } from '#lib/collection/store/collections.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { readCodes } from '#lib/collection/store/codes.ts';
import { getDeadRows, killRows, reviveRows } from '#lib/collection/store/dead.ts';
import { listSegments, readVectors } from '#lib/collection/store/segments.ts';
import {
  collectionOf,
  commit,
  expectNear,
  freshDatabase,
  item,
  listCodes,
  seeded,
  SPACE,
  vectorOf
} from './support.ts';

interface ModelRow {
  id: string;
  embedded: boolean;
  dead: boolean;
  replaces?: Row;
}

/** What the store promises about rows, told as plainly as possible. */
class Model {
  rows: ModelRow[] = [];

  append(id: string): void {
    const holder = this.rows.findLastIndex((row) => row.id === id && !row.dead);
    const row: ModelRow = { id, embedded: false, dead: false };
    if (this.rows[holder]?.embedded) row.replaces = holder;
    else if (this.rows[holder]) {
      row.replaces = this.rows[holder].replaces;
      this.rows[holder].dead = true;
    }
    this.rows.push(row);
  }

  commit(rows: Row[]): void {
    for (const row of rows) this.rows[row]!.embedded = true;
    for (const { dead, replaces } of rows.map((row) => ({ ...this.rows[row]! }))) {
      if (!dead && replaces !== undefined) this.rows[replaces]!.dead = true;
    }
  }

  where(test: (row: ModelRow) => boolean): Row[] {
    return [...this.rows.keys()].filter((row) => test(this.rows[row]!));
  }
}

async function expectEqual(db: Database, id: CollectionId, model: Model): Promise<void> {
  const { bits } = await getDeadRows(db, id);
  const live = new Map<Row, Float32Array>();
  const codes = await listCodes(db, id);
  const segments = await listSegments(db, id);
  expect(codes).toHaveLength(segments.length);
  for (const [n, segment] of segments.entries()) {
    const vectors = await readVectors(segment);
    expect(codes[n]).toMatchObject({ firstRow: segment.firstRow, count: segment.count });
    expectNear(vectors, (await readCodes(codes[n]!))!);
    segment.rows.forEach((row, n) => {
      if (bitAt(bits, row)) return;
      live.set(row, vectors.slice(n * SPACE.dimensions, (n + 1) * SPACE.dimensions));
    });
  }
  const expected = model.where((row) => row.embedded && !row.dead);
  expect([...live].sort(([a], [b]) => a - b)).toEqual(expected.map((row) => [row, vectorOf(row)]));
  expect(await countRows(db, id)).toEqual({
    live: expected.length,
    pending: model.where((row) => !row.embedded && !row.dead).length
  });
}

/** `npm run soak` asks for more. */
const { VITE_SOAK_ROUNDS = 6, VITE_SOAK_SEED = 1 } = import.meta.env;
const SEEDS = Array.from(
  { length: Number(VITE_SOAK_ROUNDS) },
  (_, n) => n + Number(VITE_SOAK_SEED)
);

test.each(SEEDS)(
  'any sequence of appends, commits, deletions and undos equals a simple model (seed %i)',
  async (seed) => {
    const random = seeded(seed);
    const below = (n: number) => Math.floor(random() * n);
    const some = (rows: Row[]) => rows.filter(() => random() < 0.4);
    const db = await freshDatabase();
    const id = await collectionOf(db, []);
    const model = new Model();

    for (let step = 0; step < 40; step++) {
      const action = below(5);
      if (action < 2) {
        const ids = Array.from({ length: below(6) }, () => `item ${below(8)}`);
        await appendItems(
          db,
          id,
          ids.map((one, n) => item(one, `${one} ${step}.${n}`)),
          []
        );
        for (const one of ids) model.append(one);
      } else if (action === 2) {
        // Rows that died while their request was under way are committed too.
        const rows = some(model.where((row) => !row.embedded)).sort(() => random() - 0.5);
        await commit(
          db,
          id,
          rows,
          rows.flatMap((row) => model.rows[row]!.replaces ?? [])
        );
        model.commit(rows);
      } else {
        const dies = action === 3;
        const rows = some(model.where((row) => row.dead !== dies));
        await (dies ? killRows : reviveRows)(db, id, rows);
        for (const row of rows) model.rows[row]!.dead = dies;
      }
      await expectEqual(db, id, model);
    }
    expect(model.rows.length).toBeGreaterThan(5);
  }
);
