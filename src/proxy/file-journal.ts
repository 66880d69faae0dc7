import { createHmac, randomBytes } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync
} from 'node:fs';
import { dirname } from 'node:path';
import { DaySpent, dayOf, type BudgetLimits, type Journal } from './budget.ts';

/** First line of a file: whose day it is, and what its clients' names are hashed with. */
interface Head {
  day: number;
  salt: string;
}

/** One line for each change. */
interface Line {
  name: string;
  tokens: number;
}

/**
 * A journal in a file, a line for each change, which is there before the upstream is asked: when the process
 * is killed, nothing it granted is forgotten. (Only a power failure may lose the last lines.) It holds no
 * address: clients are hashed with a salt that changes every day. Throws what reading and writing throw; a
 * file that is none of ours is not written over.
 */
export class FileJournal implements Journal {
  readonly #path: string;
  readonly #limits: BudgetLimits;
  #head: Head = newHead(0);
  #file: number | undefined;

  constructor(path: string, limits: BudgetLimits) {
    this.#path = path;
    this.#limits = limits;
  }

  /** Reads what was spent today, and begins a file with the sum of it. */
  open(nowMs: number): DaySpent {
    mkdirSync(dirname(this.#path), { recursive: true });
    const today = dayOf(nowMs);
    const { head, lines } = readJournal(this.#path);
    const same = head?.day === today;
    const spent = new DaySpent(this.#limits);
    spent.turnTo(today);
    if (same) for (const { name, tokens } of lines) spent.add(name, tokens);
    this.#begin(same ? head : newHead(today), spent);
    return spent;
  }

  note(day: number, name: string, tokens: number): void {
    if (this.#file === undefined || day !== this.#head.day)
      throw new Error('The journal is closed.');
    writeSync(this.#file, lineOf({ name, tokens }));
  }

  turn(day: number): void {
    this.#begin(newHead(day), new DaySpent(this.#limits));
  }

  /** What a client is called in the file. */
  nameOf(client: string): string {
    return createHmac('sha256', this.#head.salt).update(client).digest('base64url').slice(0, 16);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  /** The new file takes the old one's place at once: a kill leaves the one or the other. */
  #begin(head: Head, spent: DaySpent): void {
    this.close();
    this.#head = head;
    const lines = Array.from(spent.entries(), ([name, tokens]) => lineOf({ name, tokens }));
    const next = `${this.#path}.next`;
    writeFileSync(next, `${JSON.stringify(head)}\n${lines.join('')}`, { mode: 0o600 });
    renameSync(next, this.#path);
    this.#file = openSync(this.#path, 'a');
  }
}

function newHead(day: number): Head {
  return { day, salt: randomBytes(16).toString('base64url') };
}

function lineOf(line: Line): string {
  return `${JSON.stringify(line)}\n`;
}

/** What a file holds; nothing when there is none. A last line that a kill cut off never counted. */
function readJournal(path: string): { head: Head | undefined; lines: Line[] } {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { head: undefined, lines: [] };
    throw error;
  }
  const [first = '', ...rest] = text.split('\n').slice(0, -1);
  try {
    const head = JSON.parse(first) as Partial<Head>;
    if (typeof head.day !== 'number' || typeof head.salt !== 'string') throw new Error();
    return { head: head as Head, lines: rest.map((line) => JSON.parse(line) as Line) };
  } catch {
    throw new Error(
      `${path} is no budget of this proxy, or is damaged: move it away to begin with nothing spent.`
    );
  }
}
