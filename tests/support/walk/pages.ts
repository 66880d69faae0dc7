import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { itemSegment } from '#lib/base/addresses.ts';

const ROUTES = join(import.meta.dirname, '../../../src/routes');
const PAGE = '+page.svelte';

/** A collection to look at, and one of its items. */
export interface Visited {
  id: string;
  item: string;
}

/**
 * The address of every page there is, for each of some collections: read from the sources, so that one that
 * is added later is walked as well. Settings come last, since what is set there changes the others.
 */
export function pagesOf(collections: Visited[]): string[] {
  const routes = readdirSync(ROUTES, { recursive: true, encoding: 'utf8' })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => path === PAGE || path.endsWith(`/${PAGE}`))
    .map((path) => `#/${path.slice(0, -PAGE.length).replace(/\/$/, '')}`)
    .sort();
  const pages = routes.flatMap((route) => {
    if (!route.includes('[')) return [route];
    return collections.map(({ id, item }) => fill(route, { id, item: itemSegment(item) }));
  });
  const isLast = (page: string) => Number(page === '#/settings');
  return pages.sort((a, b) => isLast(a) - isLast(b));
}

function fill(route: string, values: Record<string, string>): string {
  return route.replace(/\[(\w+)\]/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${route}: nothing is known for ${whole}.`);
    return value;
  });
}
