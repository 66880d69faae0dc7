import { hashWord } from './hash.ts';

/**
 * Hashes of words that say little about what a text is about: English function words (without
 * apostrophes, as words are compared), and the field names that templates put before values.
 */
export const STOP_WORDS: ReadonlySet<number> = new Set(
  (
    'a about after all also am an and any are arent as at be because been before being both but by ' +
    'can cannot cant could did didnt do does doesnt doing done dont each either else even ever ' +
    'every few find for from get gets give got had has have having he her here hers him his how i ' +
    'if im in into is isnt it its ive just let like made make makes many may me might mine more ' +
    'most much must my need needs no nor not of off on one only or other our ours out over own ' +
    'per please s same shall she should show so some something such t than that thats the their ' +
    'them then there these they thing things this those to too under until up upon us use used ' +
    'using very want was we were what when where which while who whom whose why will with within ' +
    'without would you your yours ' +
    'title name description category categories keywords features'
  )
    .split(' ')
    .map(hashWord)
);
