import { parseFilter } from '#lib/collection/filter/parse.ts';
import { printFilter } from '#lib/collection/filter/print.ts';
import type { Filter } from '#lib/collection/filter/types.ts';
import type { Method } from '#lib/index/types.ts';

/** What is searched for, and how. */
export interface SearchRequest {
  /** One question, or several, whose answers stand side by side. Empty when an item asks. */
  questions: string[];
  /** Id of the item whose neighbours are wanted. */
  item: string | null;
  method: Method;
  /** How much the ranking by words counts beside that by meaning: 0 not at all, 1 alone. */
  keywords: number;
  /** Which items may be found; all when null. */
  filter: Filter | null;
  /** Results for each question. */
  k: number;
}

/** Results of a first answer; as many again with each Show more. */
export const RESULTS = 20;

export const NO_REQUEST: SearchRequest = {
  questions: [],
  item: null,
  method: 'automatic',
  keywords: 0,
  filter: null,
  k: RESULTS
};

/** A longer request is not written into the address: browsers cut it. */
const LONGEST = 4000;

/** Whether a request asks for anything. */
export function asksSomething({ questions, item }: SearchRequest): boolean {
  return item !== null || questions.length > 0;
}

/** A request as the query of an address, `?q=…`; empty when it says nothing, or too much for one. */
export function requestQuery({ questions, item, method, keywords, filter }: SearchRequest): string {
  const query = new URLSearchParams();
  if (item !== null) query.set('item', item);
  else for (const question of questions) query.append('q', question);
  if (method !== 'automatic') query.set('method', method);
  if (keywords > 0) query.set('words', String(keywords));
  if (filter) query.set('filter', printFilter(filter, 0));
  return query.size === 0 || query.toString().length > LONGEST ? '' : `?${query}`;
}

/** The request in the query of an address; what can't be one is passed over. */
export function readRequest(query: URLSearchParams): SearchRequest {
  const method = query.get('method');
  const keywords = Number(query.get('words') ?? 0);
  const item = query.get('item');
  const asked = query.getAll('q').filter((question) => question.trim() !== '');
  return {
    questions: item === null ? asked : [],
    item,
    method: method === 'exact' || method === 'hnsw' ? method : 'automatic',
    keywords: keywords >= 0 && keywords <= 1 ? keywords : 0,
    filter: readFilter(query.get('filter')),
    k: RESULTS
  };
}

function readFilter(json: string | null): Filter | null {
  try {
    return parseFilter(json ?? '');
  } catch {
    return null;
  }
}

/** The questions of a text: a line each, blank ones left out. */
export function questionLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}
