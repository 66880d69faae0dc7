import type { Fault, FaultQueue } from './faults.ts';
import type { Ledger } from './ledger.ts';
import type { RateLimits } from './rate-limit.ts';

/** What `POST /__control` takes, for tests that run in another process. */
export type ControlMessage =
  /** The next `times` requests; every `every`-th; or all with an input that contains a text. */
  | { action: 'fault'; fault: Fault & { times?: number }; every?: number; containing?: string }
  | { action: 'limit'; limits: RateLimits }
  /** Ends all faults and limits. */
  | { action: 'clear' }
  /** Answers the ledger, and with `clear` empties it. */
  | { action: 'ledger'; clear?: boolean };

/** Does what a message says and returns the answer, as plain data. Throws on an unknown one. */
export function control(message: ControlMessage, faults: FaultQueue, ledger: Ledger): unknown {
  switch (message.action) {
    case 'fault':
      return addFault(message, faults);
    case 'limit':
      faults.limitRate(message.limits);
      return {};
    case 'clear':
      faults.clear();
      return {};
    case 'ledger': {
      const answer = ledger.toJSON();
      if (message.clear) ledger.clear();
      return answer;
    }
    default:
      throw new TypeError(`There is no such action: ${JSON.stringify(message)}.`);
  }
}

function addFault(
  message: Extract<ControlMessage, { action: 'fault' }>,
  faults: FaultQueue
): object {
  const { fault, every, containing } = message;
  if (every !== undefined) faults.every(every, fault);
  else if (containing === undefined) faults.next(fault);
  else faults.when(({ texts }) => texts.some((text) => text.includes(containing)), fault);
  return {};
}
