import { readFile } from 'node:fs/promises';
import { dot } from '#lib/base/vector.ts';
import { readRecords, type RecordSet } from '#lib/collection/import/read.ts';
import { SAMPLES, type Sample } from '#lib/collection/samples.ts';
import { parseTemplate, renderTemplate } from '#lib/collection/template.ts';
import { embedBuiltIn } from '#lib/embedding/providers/built-in/embed.ts';

/** A sample as the app reads it: records, the texts it embeds, and their built-in vectors. */
export interface ReadSample {
  sample: Sample;
  records: RecordSet;
  texts: string[];
  vectors: Float32Array[];
}

/** Reads a sample file of the site with the app's own reader and template. */
export async function readSample(id: Sample['id']): Promise<ReadSample> {
  const sample = SAMPLES.find((candidate) => candidate.id === id)!;
  const bytes = await readFile(new URL(`../../static/${sample.file}`, import.meta.url));
  const records = await readRecords(
    { name: sample.file, blob: new Blob([bytes]) },
    { loadTokenizer: () => Promise.reject(new Error('No sample is cut into passages.')) }
  );
  const template = parseTemplate(sample.template);
  const texts = records.records.map((fields) => renderTemplate(template, fields));
  return { sample, records, texts, vectors: texts.map(embedBuiltIn) };
}

/** Texts of a sample with their similarity to a query, most similar first. */
export function rankTexts(
  { texts, vectors }: ReadSample,
  query: string
): { text: string; similarity: number }[] {
  const vector = embedBuiltIn(query);
  return texts
    .map((text, n) => ({ text, similarity: dot(vector, vectors[n]!) }))
    .sort((a, b) => b.similarity - a.similarity);
}
