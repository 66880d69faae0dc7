import { readProxyConfig, type ProxyConfig } from './config.ts';
import { DaySpent, JournaledBudget } from './budget.ts';
import { Buckets } from './buckets.ts';
import { FileJournal } from './file-journal.ts';
import { createProxy, type LogEntry, type Proxy } from './proxy.ts';

/** Where what was spent is kept, unless `PROXY_STATE` says otherwise. */
const STATE = '.proxy/budget.jsonl';

/** A proxy of this process. */
export interface RunningProxy {
  answer: Proxy;
  config: ProxyConfig;
  close(): void;
}

/**
 * A proxy for Node, set up by the environment (see `readProxyConfig`): paces and budgets are counted in this
 * process, and the budget is kept in a file. `own` are the origins of the page beside it. Throws an Error
 * that names what is set wrong, or why that file can't be used.
 */
export function openProxy(
  env: NodeJS.ProcessEnv,
  around: { own: readonly string[]; loopback: boolean },
  log: (entry: LogEntry) => void = () => {}
): RunningProxy {
  const config = readProxyConfig(env, around);
  const journal = new FileJournal(env['PROXY_STATE']?.trim() || STATE, config.limits);
  // Without a key nothing is spent, and nothing is to be kept.
  const spent = config.apiKey === null ? new DaySpent(config.limits) : journal.open(Date.now());
  const budget = new JournaledBudget(spent, journal);
  const pace = new Buckets(config.limits);
  return {
    answer: createProxy({ config, pace, budget, log }),
    config,
    close: () => journal.close()
  };
}
