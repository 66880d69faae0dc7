import { formatValue } from './search.ts';
import type { SearchResult } from './search.ts';

/** How results can be taken along. */
export type ResultFormat = 'text' | 'markdown' | 'json' | 'csv';

/** A question and what was found for it, the folded ones included. */
export interface ExportedAnswer {
  question: string;
  results: SearchResult[];
}

/** Answers as a text in a format, ready to be pasted or kept as a file. */
export async function formatAnswers(
  answers: ExportedAnswer[],
  format: ResultFormat
): Promise<string> {
  switch (format) {
    case 'text':
      return answers.map(asText).join('\n');
    case 'markdown':
      return answers.map(asMarkdown).join('\n');
    case 'json':
      return `${JSON.stringify(answers.map(asObject), null, 2)}\n`;
    case 'csv':
      return asCsv(answers);
  }
}

/** What a file in this format is called at its end, and its media type. */
export const FILE_TYPES: Record<ResultFormat, { extension: string; mediaType: string }> = {
  text: { extension: 'txt', mediaType: 'text/plain' },
  markdown: { extension: 'md', mediaType: 'text/markdown' },
  json: { extension: 'json', mediaType: 'application/json' },
  csv: { extension: 'csv', mediaType: 'text/csv' }
};

function flat(results: SearchResult[]): SearchResult[] {
  return results.flatMap((result) => [result, ...flat(result.alike)]);
}

function asText({ question, results }: ExportedAnswer): string {
  const lines = flat(results).map(
    ({ title, similarity }, n) => `${n + 1}. ${title} (${similarity.toFixed(3)})`
  );
  return `${question}\n${lines.join('\n')}\n`;
}

function asMarkdown({ question, results }: ExportedAnswer): string {
  const entries = flat(results).map(({ title, similarity, fields }, n) => {
    const details = fields.map(({ name, value }) => `   - ${escape(name)}: ${escape(value)}\n`);
    return `${n + 1}. **${escape(title)}** (${similarity.toFixed(3)})\n${details.join('')}`;
  });
  return `## ${escape(question)}\n\n${entries.join('')}`;
}

/** What Markdown would read as its own signs stands for itself; a text stays on its line. */
function escape(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|~]/g, '\\$&').replace(/\s*\n\s*/g, ' ');
}

function asObject({ question, results }: ExportedAnswer) {
  const found = flat(results).map(({ id, title, similarity, values, text }) => ({
    id,
    title,
    similarity,
    fields: values,
    ...(text !== undefined && { text })
  }));
  return { question, results: found };
}

/** A row for each result; a cell that a spreadsheet would take for a formula is quoted as text. */
async function asCsv(answers: ExportedAnswer[]): Promise<string> {
  const { default: Papa } = await import('papaparse');
  const rows = answers.flatMap(({ question, results }) =>
    flat(results).map((result, n) => ({ question, rank: n + 1, result }))
  );
  const found = new Set(rows.flatMap(({ result }) => Object.keys(result.values)));
  // The field that the id comes from would say it once more.
  const names = [...found].filter(
    (name) =>
      name !== 'id' ||
      rows.some(({ result }) => formatValue(result.values['id'] ?? null) !== result.id)
  );
  const header = ['question', 'rank', 'similarity', 'id', ...names];
  const cells = rows.map(({ question, rank, result }) => [
    question,
    rank,
    result.similarity,
    result.id,
    ...names.map((name) =>
      Object.hasOwn(result.values, name) ? formatValue(result.values[name]!) : ''
    )
  ]);
  return `${Papa.unparse([header, ...cells], { escapeFormulae: true })}\r\n`;
}
