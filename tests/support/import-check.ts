import { isDeepStrictEqual } from 'node:util';
import { CancelledError, ImportError } from '#lib/base/errors.ts';
import { identify } from '#lib/collection/import/identify.ts';
import { proposeIdField, proposeTemplate } from '#lib/collection/import/propose.ts';
import { readRecords, type RecordSet } from '#lib/collection/import/read.ts';
import {
  isBlank,
  parseTemplate,
  renderTemplate,
  templateFields,
  unknownFields
} from '#lib/collection/template.ts';
import type { Fields, FieldType, FieldValue } from '#lib/collection/types.ts';
import type { Tokenizer } from '#lib/embedding/types.ts';
import { ChoppedBytes } from './chopped-bytes.ts';
import type { AwkwardFile, Dice } from './awkward-files.ts';

/** Processor time that reading may take: some at once, and some for each byte. */
const BASE_MS = 500;
const MS_PER_BYTE = 0.02;

/**
 * Reads a file as the app does and returns what it should not have done, a sentence each. Whatever is
 * in the file, the reader refuses it as an `ImportError` (or cancels), or gives flat records of the
 * types it says, in time, the same in whatever pieces the bytes arrive.
 */
export async function findImportFaults(
  { name, bytes }: AwkwardFile,
  tokenizer: Tokenizer,
  dice: Dice
): Promise<string[]> {
  const read = (blob: Blob, signal?: AbortSignal) =>
    outcomeOf(
      readRecords({ name, blob }, { loadTokenizer: () => Promise.resolve(tokenizer), signal })
    );
  const faults: string[] = [];
  const outcome = await read(new Blob([bytes]));
  const limitMs = BASE_MS + MS_PER_BYTE * bytes.length;
  const readMs = () => processorMs(() => read(new Blob([bytes])));
  if (await isAlways(() => readMs().then((ms) => ms > limitMs))) {
    faults.push(`${bytes.length} bytes took more than ${Math.round(limitMs)} ms`);
  }
  if (outcome.records) faults.push(...faultsOfRecords(outcome.records));
  else faults.push(...faultsOfError(outcome.error));

  if (bytes.length < 50_000 && dice.chance(0.3)) {
    const chopped = await read(new ChoppedBytes(bytes, () => 1 + dice.below(40)));
    if (!isDeepStrictEqual(plain(chopped), plain(outcome))) {
      faults.push('another answer when the bytes come in small pieces');
    }
  }
  if (dice.chance(0.1)) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), dice.below(3));
    const { error } = await read(new Blob([bytes]), controller.signal);
    if (error) faults.push(...faultsOfError(error));
  }
  faults.push(...faultsOfPrototypes());
  return faults;
}

/** Tries five times: the collection of other files' garbage may fall into one reading, not into each. */
async function isAlways(test: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < 5; tries++) if (!(await test())) return false;
  return true;
}

async function processorMs(work: () => Promise<unknown>): Promise<number> {
  const began = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

type Outcome = { records: RecordSet; error?: undefined } | { records?: undefined; error: unknown };

function outcomeOf(reading: Promise<RecordSet>): Promise<Outcome> {
  return reading.then(
    (records) => ({ records }),
    (error: unknown) => ({ error })
  );
}

/** What two readings of one file have to have in common. */
function plain({ records, error }: Outcome): unknown {
  return error instanceof ImportError ? [error.code, error.message] : (records ?? error);
}

function faultsOfError(error: unknown): string[] {
  if (error instanceof CancelledError) return [];
  if (!(error instanceof ImportError)) {
    return [`threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
  }
  return error.message && error.next ? [] : [`refused without saying why or what next: ${error}`];
}

const IS_TYPE: Record<FieldType, (value: NonNullable<FieldValue>) => boolean> = {
  text: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  boolean: (value) => typeof value === 'boolean',
  date: (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\d(T|$)/.test(value),
  list: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string')
};

function faultsOfRecords(set: RecordSet): string[] {
  const faults = new Set<string>();
  const { records, passages, columns, issues, issueCount } = set;
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  if (records.length === 0) faults.add('no records, and no error');
  if (types.size !== columns.length) faults.add('two columns of one name');
  if (types.has('__proto__')) faults.add('a column called __proto__');
  if (passages.length > 0 && passages.length !== records.length) faults.add('passages are missing');
  if (issues.length > issueCount || issues.some(({ message }) => !message))
    faults.add('bad issues');
  if (issues.some(({ line = 1 }) => !(line >= 1))) faults.add('an issue at no line');
  for (const record of records) {
    if (Object.getPrototypeOf(record) !== Object.prototype)
      faults.add('a record is no plain object');
    for (const [name, value] of Object.entries(record)) {
      const type = types.get(name);
      if (type === undefined) faults.add(`a field “${name}” of no column`);
      else if (value !== null && !IS_TYPE[type](value)) {
        faults.add(`${JSON.stringify(value).slice(0, 80)} in a column of type ${type}`);
      }
    }
  }
  for (const fault of faultsOfProposals(set)) faults.add(fault);
  return [...faults];
}

/** The app goes on with these at once: they have to fit. */
function faultsOfProposals({ records, passages, columns }: RecordSet): string[] {
  const faults: string[] = [];
  const template = parseTemplate(proposeTemplate(columns));
  const unknown = unknownFields(template, columns);
  if (unknown.length > 0) faults.push(`the proposed template names ${unknown.join()}`);
  for (const record of records) {
    if (typeof renderTemplate(template, record) !== 'string') faults.push('rendered no text');
  }
  const { ids, keep } = identify(
    records,
    proposeIdField(columns, records),
    passages,
    (n) => `item-${n}`
  );
  const kept = Array.from(keep, (n) => ids[n]!);
  if (new Set(kept).size !== kept.length || kept.includes('')) faults.push('ids are not unique');
  return faults;
}

const PROTOTYPES = [Object.prototype, Array.prototype, String.prototype, Function.prototype];
const UNTOUCHED = PROTOTYPES.map((prototype) => Reflect.ownKeys(prototype).length);

function faultsOfPrototypes(): string[] {
  const isTouched = PROTOTYPES.some(
    (prototype, n) => Reflect.ownKeys(prototype).length !== UNTOUCHED[n]
  );
  return isTouched ? ['a prototype was changed'] : [];
}

const TEMPLATE_PARTS = [
  '{',
  '}',
  '{{',
  '}}',
  '{name}',
  '{ a.b }',
  '{constructor}',
  '{__proto__}',
  'é',
  '\n',
  ' '
];

/** Parses and renders random templates; what went wrong, a sentence each. */
export function findTemplateFaults(dice: Dice): string[] {
  const faults: string[] = [];
  const text = dice.several(12, () => dice.pick(TEMPLATE_PARTS)).join('');
  const fields: Fields = { name: dice.pick(['x', null, 1, true]), 'a.b': ['1', '{name}'] };
  try {
    const template = parseTemplate(text);
    const rendered = renderTemplate(template, fields);
    if (/native code|\[object/.test(rendered)) faults.push(`${text} rendered ${rendered}`);
    if (
      isBlank(template, fields) &&
      rendered.trim() !== '' &&
      templateFields(template).length === 0
    )
      faults.push(`${text} is called blank`);
  } catch (error) {
    const { position } = (error as Partial<ImportError>).detail ?? {};
    const isRight = error instanceof ImportError && error.code === 'template';
    if (!isRight || text[position as number] !== '{') faults.push(`${text} threw ${String(error)}`);
  }
  const escaped = text.replaceAll('{', '{{').replaceAll('}', '}}');
  if (renderTemplate(parseTemplate(escaped), fields) !== text) {
    faults.push(`${escaped} does not render as ${text}`);
  }
  return faults;
}
