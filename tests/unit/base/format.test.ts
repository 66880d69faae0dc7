import { describe, expect, test } from 'vitest';
import {
  ago,
  bytes,
  count,
  counted,
  dollars,
  duration,
  milliseconds,
  percent,
  rate,
  recallPercent,
  roughSimilarity,
  similarity
} from '#lib/base/format.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

describe('counts', () => {
  test('group thousands', () => {
    expect(count(8807)).toBe('8,807');
    expect(count(1_048_576)).toBe('1,048,576');
  });

  test('agree with their noun', () => {
    expect(counted(1, 'item')).toBe('1 item');
    expect(counted(0, 'item')).toBe('0 items');
    expect(counted(2, 'entry', 'entries')).toBe('2 entries');
  });

  test('a share is not called whole before it is', () => {
    expect(percent(0.999)).toBe('99%');
    expect(percent(1)).toBe('100%');
    expect(percent(0.5)).toBe('50%');
  });
});

describe('recall', () => {
  test('is rounded down to a tenth of a percent', () => {
    expect(recallPercent(0.994)).toBe('99.4\u00a0%');
    expect(recallPercent(0.9999)).toBe('99.9\u00a0%');
    expect(recallPercent(1)).toBe('100\u00a0%');
    expect(recallPercent(0)).toBe('0\u00a0%');
  });
});

describe('similarity', () => {
  test('has two decimals while it is an estimate', () => {
    expect(roughSimilarity(0.7149)).toBe('0.71');
    expect(roughSimilarity(-0.031)).toBe('\u22120.03');
    expect(roughSimilarity(-0.001)).toBe('0.00');
  });

  test('has three decimals, always', () => {
    expect(similarity(1)).toBe('1.000');
    expect(similarity(0.84162)).toBe('0.842');
  });

  test('has a real minus, and none before zero', () => {
    expect(similarity(-0.0312)).toBe('−0.031');
    expect(similarity(-0.0001)).toBe('0.000');
  });
});

describe('dollars', () => {
  test('have cents from a dollar on', () => {
    expect(dollars(12.345)).toBe('$12.35');
    expect(dollars(5361.2)).toBe('$5,361.20');
  });

  test('have four decimals below', () => {
    expect(dollars(0.00888926)).toBe('$0.0089');
    expect(dollars(0.15)).toBe('$0.1500');
    expect(dollars(0.99996)).toBe('$1.00');
  });

  test('tell nothing from next to nothing', () => {
    expect(dollars(0)).toBe('$0.00');
    expect(dollars(0.0000001)).toBe('< $0.0001');
  });
});

describe('bytes', () => {
  test('have at most three digits and the largest unit that fits', () => {
    expect(bytes(0)).toBe('0 B');
    expect(bytes(640)).toBe('640 B');
    expect(bytes(4_210_000)).toBe('4.2 MB');
    expect(bytes(118_000_000_000)).toBe('118 GB');
  });

  test('move to the next unit rather than show a thousand', () => {
    expect(bytes(999_600)).toBe('1 MB');
    expect(bytes(999_400)).toBe('999 kB');
  });
});

describe('spans', () => {
  test('are told in their two largest units', () => {
    expect(duration(12)).toBe('12 s');
    expect(duration(130)).toBe('2 min 10 s');
    expect(duration(120)).toBe('2 min');
    expect(duration(3 * 3600 + 5 * 60 + 59)).toBe('3 h 5 min');
    expect(duration(52 * 3600)).toBe('2 d 4 h');
  });

  test('round before they are split, so that no minute has sixty seconds', () => {
    expect(duration(59.7)).toBe('1 min');
    expect(duration(119.6)).toBe('2 min');
  });

  test('are never negative', () => {
    expect(duration(-3)).toBe('0 s');
  });

  test('that were measured have two digits while short', () => {
    expect(milliseconds(0.4234)).toBe('0.42 ms');
    expect(milliseconds(14.4)).toBe('14 ms');
    expect(milliseconds(999.7)).toBe('1 s');
    expect(milliseconds(1_440)).toBe('1.4 s');
    expect(milliseconds(130_000)).toBe('2 min 10 s');
  });

  test('give rates', () => {
    expect(rate(3.44)).toBe('3.4/s');
    expect(rate(1412.3)).toBe('1,412/s');
  });
});

describe('ages', () => {
  const now = Date.UTC(2026, 0, 31);

  test('are told in one unit', () => {
    expect(ago(now - 20 * SECOND, now)).toBe('just now');
    expect(ago(now - 5 * 60 * SECOND, now)).toBe('5 minutes ago');
    expect(ago(now - 2 * HOUR, now)).toBe('2 hours ago');
    expect(ago(now - DAY, now)).toBe('yesterday');
    expect(ago(now - 100 * DAY, now)).toBe('3 months ago');
    expect(ago(now - 800 * DAY, now)).toBe('2 years ago');
  });

  test('of what a wrong clock puts in the future are none', () => {
    expect(ago(now + DAY, now)).toBe('just now');
  });
});
