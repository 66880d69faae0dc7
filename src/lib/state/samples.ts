import { newCollectionId, type CollectionId } from '#lib/base/ids.ts';
import { SAMPLES, type Sample } from '#lib/collection/samples.ts';
import { findModel, spaceOf } from '#lib/embedding/catalogue.ts';
import { items, makeImporter } from '#lib/workers/clients.ts';
import { runs } from './runs.svelte.ts';

/** The samples that ship with the page. */
export const samples: readonly Sample[] = SAMPLES;

/** Questions to start from in a collection made of a sample; none for any other. */
export function suggestedQuestions(collectionName: string | undefined): readonly string[] {
  return SAMPLES.find(({ name }) => name === collectionName)?.queries ?? [];
}

/**
 * Makes a sample a collection, embedded with the built-in embedder, and returns its id; a sample
 * that is one already is opened again, and embedded on if that was cut short. Needs no key, and no network beyond the page's own files.
 */
export async function openSample(sample: Sample): Promise<CollectionId> {
  const model = findModel('built-in')!;
  const space = spaceOf('built-in', model, model.dimensions);
  // A reader's own collection may have a sample's name.
  const made = (await items.api.collections()).filter(
    ({ collection }) =>
      collection.name === sample.name &&
      collection.template === sample.template &&
      collection.idField === sample.idField &&
      collection.space.provider === space.provider
  );
  const again = made.find(({ counts }) => counts.pending === 0) ?? made[0];
  if (again) {
    if (again.counts.pending > 0) await runs.start(again.collection.id);
    return again.collection.id;
  }

  const response = await fetch(`./${sample.file}`);
  if (!response.ok) throw new Error(`The sample file answered ${response.status}.`);
  const id = newCollectionId();
  const importer = makeImporter();
  try {
    const signal = new AbortController().signal;
    const source = { kind: 'file' as const, name: sample.file, blob: await response.blob() };
    const { columns } = await importer.api.open(source, () => {}, signal);
    const keep = columns.map(({ name }) => name);
    const { name, template, idField, titleField } = sample;
    await importer.api.stage({ id, name, space, template, idField, titleField, keep }, signal);
  } finally {
    importer.end();
  }
  await runs.start(id);
  return id;
}
