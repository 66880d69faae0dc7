import { inject } from 'vitest';
import { newCollectionId, type CollectionId, type Row } from '#lib/base/ids.ts';
import type { Space } from '#lib/base/space.ts';
import type { Database } from '#lib/collection/store/database.ts';
import type { StagedItem } from '#lib/collection/store/schema.ts';
import { iterateBlocks } from '#lib/collection/store/items.ts';
import { listSegments, readVectors } from '#lib/collection/store/segments.ts';
import { EmbeddingApi } from '#lib/workers/embedding-api.ts';
import { ImportApi, type StageChoices } from '#lib/workers/import-api.ts';
import type { ControlMessage, LedgerEntry } from '../../support/openai-server.ts';
import type { StandInName } from '../../support/provide-openai.ts';

/** The key the stand-in takes; it must never be found anywhere. */
export const KEY = 'sk-test-semblance';

export const NO_PROGRESS = () => {};
export const NEVER = new AbortController().signal;

/** A space of text-embedding-3-small's vectors. */
export function smallSpace(dimensions = 1536): Space {
  return { provider: 'openai', model: 'text-embedding-3-small', dimensions, revision: 1 };
}

export const BUILT_IN: Space = {
  provider: 'built-in@1',
  model: 'built-in',
  dimensions: 384,
  revision: 1
};

/** A stand-in for OpenAI's endpoint, as its control shows it. */
export function standIn(name: StandInName) {
  const baseUrl = inject('openai')[name];
  const control = async (message: ControlMessage): Promise<unknown> => {
    const body = JSON.stringify(message);
    const response = await fetch(new URL('/__control', baseUrl), { method: 'POST', body });
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  };
  const requests = async () =>
    ((await control({ action: 'ledger' })) as { requests: LedgerEntry[] }).requests;
  return {
    baseUrl,
    /** A space of its vectors where it passes for a compatible server: 64 texts a request. */
    space: { ...smallSpace(), provider: baseUrl } satisfies Space,
    control,
    requests,
    /** Texts of all requests that were answered. */
    async texts(): Promise<string[]> {
      return (await requests()).flatMap(({ status, inputs }) => (status === 200 ? inputs : []));
    },
    /** Forgets faults and requests. */
    async reset(): Promise<void> {
      await control({ action: 'clear' });
      await control({ action: 'ledger', clear: true });
    }
  };
}

/** An embedding worker's API in this thread, which reaches the stand-in under both identities. */
export function makeEmbedding(db: Database, baseUrl: string, apiKey = KEY): EmbeddingApi {
  const api = new EmbeddingApi(() => Promise.resolve(db));
  api.setCredentials({ provider: 'openai', baseUrl, apiKey });
  api.setCredentials({ provider: 'compatible', baseUrl, apiKey });
  return api;
}

/** A file of records as JSON. */
export function jsonFile(records: object[], name = 'records.json') {
  return { kind: 'file' as const, name, blob: new Blob([JSON.stringify(records)]) };
}

/** How drafts are staged unless a test cares: the text alone, ids generated. */
export function choices(changes: Partial<StageChoices> = {}): StageChoices {
  return {
    id: newCollectionId(),
    name: 'Things',
    space: smallSpace(),
    template: '{text}',
    idField: null,
    titleField: null,
    keep: ['text'],
    ...changes
  };
}

/** A collection of these texts, staged as a person's file is; row n holds text n. */
export async function stageTexts(
  db: Database,
  texts: string[],
  space: Space
): Promise<CollectionId> {
  const importer = new ImportApi(() => Promise.resolve(db));
  await importer.open(jsonFile(texts.map((text) => ({ text }))), NO_PROGRESS, NEVER);
  const staged = choices({ space });
  await importer.stage(staged, NEVER);
  return staged.id;
}

/** Everything a collection keeps of its items. */
export async function itemsOf(db: Database, id: CollectionId): Promise<StagedItem[]> {
  const items: StagedItem[] = [];
  for await (const block of iterateBlocks(db, id)) items.push(...block.items);
  return items;
}

/** Every acknowledged vector, by row. */
export async function vectorsOf(db: Database, id: CollectionId): Promise<Map<Row, Float32Array>> {
  const vectors = new Map<Row, Float32Array>();
  for (const segment of await listSegments(db, id)) {
    const all = await readVectors(segment);
    const { dimensions } = segment;
    segment.rows.forEach((row, n) =>
      vectors.set(row, all.slice(n * dimensions, (n + 1) * dimensions))
    );
  }
  return vectors;
}

/** `n` different short texts. */
export function manyTexts(n: number, about = 'text'): string[] {
  return Array.from({ length: n }, (_, i) => `${about} number ${i}`);
}
