import { DaySpent, JournaledBudget, type Budget, type Grant, type Journal } from './budget.ts';
import { Buckets, type Pace, type Taken } from './buckets.ts';
import { readProxyConfig, type ProxyLimits } from './config.ts';
import { createProxy } from './proxy.ts';

/*
 * The proxy on an edge host, as a module for Cloudflare Workers (others are alike). Paces and budgets are
 * counted in one durable object, which all places of the world ask; what it keeps outlives it. README says
 * how to deploy it.
 */

/** What the host binds, beside the settings that `readProxyConfig` names. */
interface EdgeEnvironment {
  PROXY_METER: { idFromName(name: string): unknown; get(id: unknown): MeterStub };
  [setting: string]: unknown;
}

interface MeterStub {
  fetch(url: string, init: { method: string; body: string }): Promise<Response>;
}

interface EdgeState {
  storage: {
    list(options: { prefix: string }): Promise<Map<string, number>>;
    put(key: string, value: number): Promise<void>;
    delete(keys: string[]): Promise<unknown>;
  };
  blockConcurrencyWhile(work: () => Promise<void>): Promise<void>;
}

export default {
  async fetch(request: Request, env: EdgeEnvironment): Promise<Response> {
    const settings = Object.fromEntries(
      Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    );
    const config = readProxyConfig(settings);
    const meter = new RemoteMeter(env.PROXY_METER.get(env.PROXY_METER.idFromName('meter')));
    const proxy = createProxy({
      config,
      pace: meter,
      budget: meter,
      log: (entry) => console.log(JSON.stringify(entry))
    });
    // The platform's own word on who asks: nobody can send it along.
    const address = request.headers.get('cf-connecting-ip');
    return (await proxy(request, { address })) ?? new Response('Not found\n', { status: 404 });
  }
};

/** Asks the durable object that counts. */
class RemoteMeter implements Pace, Budget {
  readonly #stub: MeterStub;

  constructor(stub: MeterStub) {
    this.#stub = stub;
  }

  take(client: string): Promise<Taken> {
    return this.#ask<Taken>('take', [client]);
  }

  reserve(client: string, tokens: number): Promise<Grant | null> {
    return this.#ask<Grant | null>('reserve', [client, tokens]);
  }

  async settle(grant: Grant, tokens: number): Promise<void> {
    await this.#ask('settle', [grant, tokens]);
  }

  left(client: string): ReturnType<Budget['left']> {
    return this.#ask('left', [client]);
  }

  async #ask<Answer>(method: keyof Metering, args: unknown[]): Promise<Answer> {
    const body = JSON.stringify(args);
    const response = await this.#stub.fetch(`https://meter/${method}`, { method: 'POST', body });
    if (!response.ok) throw new Error('The meter does not answer.');
    return (await response.json()) as Answer;
  }
}

type Metering = Pace & Budget;

/** The durable object: one in the world, asked by all. */
export class ProxyMeter {
  #meter: { pace: Pace; budget: Budget } | undefined;

  constructor(state: EdgeState, env: Record<string, unknown>) {
    const settings = env as Record<string, string | undefined>;
    const { limits } = readProxyConfig(settings);
    void state.blockConcurrencyWhile(async () => {
      this.#meter = { pace: new Buckets(limits), budget: await openBudget(state, limits) };
    });
  }

  async fetch(request: Request): Promise<Response> {
    const method = new URL(request.url).pathname.slice(1);
    const args = (await request.json()) as never[];
    const { pace, budget } = this.#meter!;
    const methods: Record<string, (...args: never[]) => unknown> = {
      take: (client: string) => pace.take(client),
      reserve: (client: string, tokens: number) => budget.reserve(client, tokens),
      settle: (grant: Grant, tokens: number) => budget.settle(grant, tokens),
      left: (client: string) => budget.left(client)
    };
    return Response.json((await methods[method]?.(...args)) ?? null);
  }
}

/** Keeps a sum for each client and day: `DAY CLIENT`. */
async function openBudget({ storage }: EdgeState, limits: ProxyLimits): Promise<Budget> {
  const spent = new DaySpent(limits);
  const sums = new Map<string, number>();
  for (const [key, tokens] of await storage.list({ prefix: '' })) {
    const [day = '', ...name] = key.split(' ');
    spent.turnTo(Number(day));
    if (Number(day) !== spent.day) continue;
    spent.add(name.join(' '), tokens);
    sums.set(key, tokens);
  }
  const journal: Journal = {
    nameOf: (client) => client,
    async note(day, name, tokens) {
      const key = `${day} ${name}`;
      const sum = Math.max(0, (sums.get(key) ?? 0) + tokens);
      sums.set(key, sum);
      await storage.put(key, sum);
    },
    async turn() {
      const old = [...sums.keys()];
      sums.clear();
      await storage.delete(old);
    }
  };
  return new JournaledBudget(spent, journal);
}
