import { expect, it } from 'vitest';
import {
  NO_REQUEST,
  questionLines,
  readRequest,
  requestQuery,
  type SearchRequest
} from '#lib/state/search-request.ts';

const CHEAP = { field: 'price', operator: '$lt' as const, value: 50 };

const REQUESTS: Record<string, SearchRequest> = {
  nothing: NO_REQUEST,
  'a question': { ...NO_REQUEST, questions: ['a tent & a stove?'] },
  'several questions': { ...NO_REQUEST, questions: ['tent', 'stove, 100 %'], method: 'hnsw' },
  'a text of several lines': { ...NO_REQUEST, questions: ['one\ntwo'] },
  'an item': { ...NO_REQUEST, item: 'p/1 ?#ü' },
  'all there is': {
    ...NO_REQUEST,
    questions: ['x'],
    method: 'exact',
    keywords: 0.35,
    filter: CHEAP
  },
  'a filter before any question': { ...NO_REQUEST, filter: CHEAP, keywords: 1 }
};

it.each(Object.entries(REQUESTS))('an address says %s, and is read as it was', (_, request) => {
  expect(readRequest(new URLSearchParams(requestQuery(request)))).toEqual(request);
});

it('what would be too long for an address is not in it', () => {
  expect(requestQuery({ ...NO_REQUEST, questions: ['x'.repeat(5000)] })).toBe('');
  const many = { field: 'id', operator: '$in' as const, value: Array<string>(900).fill('p1000') };
  expect(requestQuery({ ...NO_REQUEST, questions: ['x'], filter: many })).toBe('');
});

it.each(['method=fast', 'words=2', 'words=x', 'filter={"a":{"$x":1}}', 'q=+', 'k=5'])(
  'what can be no request is passed over: %s',
  (query) => {
    expect(readRequest(new URLSearchParams(query))).toEqual(NO_REQUEST);
  }
);

it('a question is asked for each line that is not blank', () => {
  expect(questionLines(' tent \n\n\tstove\r\n')).toEqual(['tent', 'stove']);
});
