import { counted, dollars } from '#lib/base/format.ts';
import type { Space } from '#lib/base/space.ts';
import { modelOfSpace } from '#lib/embedding/catalogue.ts';
import { costUsd } from '#lib/embedding/cost.ts';

/** What embedding some texts would take, beyond what is held already. */
export interface Price {
  /** Exact cl100k tokens to buy; 0 for a model that is free. */
  tokens: number;
  /** In dollars; null when only the server knows. */
  usd: number | null;
}

/** The price of so many tokens in a space. */
export function priceOf(tokens: number, space: Space): Price {
  const model = modelOfSpace(space);
  return { tokens: model.usdPerMillionTokens === 0 ? 0 : tokens, usd: costUsd(tokens, model) };
}

/** A price before it is paid: `420 tokens to buy · $0.0089`. */
export function priceWords({ tokens, usd }: Price): string {
  if (tokens === 0) return 'nothing to buy';
  const words = `${counted(tokens, 'token')} to buy`;
  return usd === null ? `${words}, price set by your server` : `${words} · ${dollars(usd)}`;
}
