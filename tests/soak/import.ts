import { loadTokenizer } from '#lib/embedding/tokens.ts';
import { awkwardFile, Dice } from '../support/awkward-files.ts';
import { findImportFaults, findTemplateFaults } from '../support/import-check.ts';
import type { SoakOptions } from './run.ts';

/** Reads awkward files and templates of ever new seeds. */
export async function soakImport({ seed, untilMs, report }: SoakOptions): Promise<string> {
  const tokenizer = await loadTokenizer();
  let bytes = 0;
  let at = seed;
  for (; performance.now() < untilMs || at === seed; at++) {
    const file = awkwardFile(at);
    const dice = new Dice(at + 1);
    bytes += file.bytes.length;
    const faults = await findImportFaults(file, tokenizer, dice);
    for (const fault of [...faults, ...findTemplateFaults(dice)]) {
      report(`seed ${at} (${file.name}, ${file.bytes.length} bytes): ${fault}`);
    }
  }
  const megabytes = (bytes / 1e6).toFixed(1);
  return `${at - seed} files of ${megabytes} MB read, and as many templates`;
}
