/** Tokens a day (UTC). */
export interface BudgetLimits {
  dailyTokens: number;
  dailyTokensPerClient: number;
}

/** Tokens that were set aside for a request. */
export interface Grant {
  /** What the client is called where it is counted. */
  name: string;
  tokens: number;
  day: number;
}

/** What a client may still spend today. */
export interface Left {
  tokens: number;
  /** Until the count begins anew. */
  resetMs: number;
}

/**
 * Keeps what was spent where it outlives the process. All of it is counted before the upstream is asked: a
 * request that is never settled stays counted whole. Whatever throws means that nothing was granted.
 */
export interface Budget {
  /** Sets tokens aside; null when they are not left, for this client or for all. */
  reserve(client: string, tokens: number): Promise<Grant | null>;
  /** Says what a request really took: what it took less is given back. */
  settle(grant: Grant, tokens: number): Promise<void>;
  left(client: string): Promise<Left>;
}

const DAY_MS = 86_400_000;

/** The day of a time, counted from 1970 (UTC). */
export function dayOf(nowMs: number): number {
  return Math.floor(nowMs / DAY_MS);
}

/** What was spent on one day, by all and by each client: plain counting, kept nowhere. */
export class DaySpent {
  readonly #limits: BudgetLimits;
  #day = 0;
  #total = 0;
  #clients = new Map<string, number>();

  constructor(limits: BudgetLimits) {
    this.#limits = limits;
  }

  get day(): number {
    return this.#day;
  }

  /** By client. */
  entries(): Iterable<[string, number]> {
    return this.#clients;
  }

  /** Begins another day with nothing spent; tells whether it did. A day is never gone back to. */
  turnTo(day: number): boolean {
    if (day <= this.#day) return false;
    this.#day = day;
    this.#total = 0;
    this.#clients = new Map();
    return true;
  }

  /** What is left for a client, and for all. */
  left(client: string): number {
    const { dailyTokens, dailyTokensPerClient } = this.#limits;
    const own = dailyTokensPerClient - (this.#clients.get(client) ?? 0);
    return Math.max(0, Math.min(own, dailyTokens - this.#total));
  }

  /** Adds what was spent, or takes back what was not (negative). */
  add(client: string, tokens: number): void {
    this.#total = Math.max(0, this.#total + tokens);
    this.#clients.set(client, Math.max(0, (this.#clients.get(client) ?? 0) + tokens));
  }
}

/** Where changes of a budget are written before they count. */
export interface Journal {
  /** What a client is called in it, today. */
  nameOf(client: string): string;
  /** Takes note of tokens, negative ones when they are given back. Throws when it can't. */
  note(day: number, client: string, tokens: number): void | Promise<void>;
  /** Everything before this day is of no use any more. */
  turn(day: number): void | Promise<void>;
}

/** A budget in memory, whose changes a journal keeps. `spent` is what the journal knew at the start. */
export class JournaledBudget implements Budget {
  readonly #spent: DaySpent;
  readonly #journal: Journal;
  readonly #now: () => number;

  constructor(spent: DaySpent, journal: Journal, now: () => number = Date.now) {
    this.#spent = spent;
    this.#journal = journal;
    this.#now = now;
  }

  async reserve(client: string, tokens: number): Promise<Grant | null> {
    await this.#turn();
    const { day } = this.#spent;
    const name = this.#journal.nameOf(client);
    if (tokens > this.#spent.left(name)) return null;
    // Before the note, which may take a while: no other request may be granted the same tokens.
    this.#spent.add(name, tokens);
    try {
      await this.#journal.note(day, name, tokens);
    } catch (error) {
      if (this.#spent.day === day) this.#spent.add(name, -tokens);
      throw error;
    }
    return { name, tokens, day };
  }

  async settle({ name, tokens: granted, day }: Grant, tokens: number): Promise<void> {
    const more = Math.round(tokens) - granted;
    if (more === 0 || day !== this.#spent.day) return;
    this.#spent.add(name, more);
    await this.#journal.note(day, name, more);
  }

  async left(client: string): Promise<Left> {
    await this.#turn();
    const now = this.#now();
    const tokens = this.#spent.left(this.#journal.nameOf(client));
    return { tokens, resetMs: (dayOf(now) + 1) * DAY_MS - now };
  }

  async #turn(): Promise<void> {
    const day = dayOf(this.#now());
    if (this.#spent.turnTo(day)) await this.#journal.turn(day);
  }
}
