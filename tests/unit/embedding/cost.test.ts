import { describe, expect, it } from 'vitest';
import { compatibleModel, findModel } from '#lib/embedding/catalogue.ts';
import { costUsd, formatEstimate } from '#lib/embedding/cost.ts';

const small = findModel('text-embedding-3-small')!;
const estimate = { items: 8807, tokens: 444_463, tokensToBuy: 444_463 };

describe('the price of tokens', () => {
  it('follows the price per million', () => {
    expect(costUsd(1_000_000, small)).toBe(0.02);
    expect(costUsd(444_463, small)).toBeCloseTo(0.00888926, 10);
  });

  it('is nothing for the built-in model and unknown for other servers', () => {
    expect(costUsd(1000, findModel('built-in')!)).toBe(0);
    expect(costUsd(1000, compatibleModel('m'))).toBeNull();
  });
});

describe('an estimate', () => {
  it.each([
    [small.usdPerMillionTokens, '8,807 items · 444,463 tokens · $0.0089'],
    [0, '8,807 items · 444,463 tokens · free'],
    [null, '8,807 items · 444,463 tokens · price set by your server']
  ])('at %s dollars a million reads %j', (usdPerMillionTokens, text) => {
    expect(formatEstimate({ ...estimate, usdPerMillionTokens })).toBe(text);
  });

  it('has the price of what is bought: nothing, when every vector is held already', () => {
    const priced = { ...estimate, usdPerMillionTokens: small.usdPerMillionTokens };
    expect(formatEstimate({ ...priced, tokensToBuy: 0 })).toMatch(/444,463 tokens · free$/);
    expect(formatEstimate({ ...priced, tokensToBuy: 50_000 })).toMatch(/\$0\.0010$/);
  });

  it('counts one of a kind in the singular', () => {
    const one = { items: 1, tokens: 1, tokensToBuy: 1, usdPerMillionTokens: 0 };
    expect(formatEstimate(one)).toBe('1 item · 1 token · free');
  });
});
