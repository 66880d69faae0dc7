/*
 * The language of filters, for pages: plain functions, which need no worker.
 */
export { parseFilter } from '#lib/collection/filter/parse.ts';
export { printFilter } from '#lib/collection/filter/print.ts';
