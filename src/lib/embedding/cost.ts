import { counted, dollars } from '#lib/base/format.ts';
import type { Model } from './catalogue.ts';

type Priced = Pick<Model, 'usdPerMillionTokens'>;

/** What embedding so many tokens costs, in dollars; null when only the server knows its price. */
export function costUsd(tokens: number, { usdPerMillionTokens }: Priced): number | null {
  return usdPerMillionTokens === null ? null : (tokens * usdPerMillionTokens) / 1e6;
}

/** What is about to be embedded, and at which price. */
export interface Estimate extends Priced {
  items: number;
  tokens: number;
  /** Fewer than `tokens` where some vectors are held already. */
  tokensToBuy: number;
}

/** An estimate as it is shown before money is spent: `8,807 items · 444,463 tokens · $0.0089`. */
export function formatEstimate(estimate: Estimate): string {
  const { items, tokens, tokensToBuy } = estimate;
  const counts = `${counted(items, 'item')} · ${counted(tokens, 'token')}`;
  const cost = costUsd(tokensToBuy, estimate);
  if (cost === null) return `${counts} · price set by your server`;
  return `${counts} · ${cost === 0 ? 'free' : dollars(cost)}`;
}
