import { expect, test } from 'vitest';
import { awkwardFile, Dice } from '../../../support/awkward-files.ts';
import { findImportFaults, findTemplateFaults } from '../../../support/import-check.ts';
import { wordTokenizer } from './helpers.ts';

const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);

test('300 awkward files are refused with a reason or read into flat, typed records, in time', async () => {
  for (const seed of SEEDS) {
    const faults = await findImportFaults(awkwardFile(seed), wordTokenizer, new Dice(seed + 1));
    expect(faults, `seed ${seed}`).toEqual([]);
  }
}, 60_000);

test('2,000 random templates are refused at a brace or render, and braces can be written', () => {
  for (let seed = 0; seed < 2000; seed++) {
    expect(findTemplateFaults(new Dice(seed)), `seed ${seed}`).toEqual([]);
  }
});
