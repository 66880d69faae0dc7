/** Items to learn from, and items to be judged by; places in what was split, rising. */
export interface Split {
  train: Uint32Array<ArrayBuffer>;
  test: Uint32Array<ArrayBuffer>;
}

/**
 * Splits items so that each class is on both sides in about the same share: `testShare` of each class, at
 * least one item of a class of two, is for testing. A class of one item is learnt from. The same numbers
 * from `random` make the same split.
 */
export function stratifiedSplit(
  classes: ArrayLike<number>,
  testShare: number,
  random: () => number
): Split {
  const members = new Map<number, number[]>();
  for (let n = 0; n < classes.length; n++) {
    const known = members.get(classes[n]!);
    if (known) known.push(n);
    else members.set(classes[n]!, [n]);
  }
  const isTest = new Uint8Array(classes.length);
  for (const [, places] of [...members].sort(([a], [b]) => a - b)) {
    shuffle(places, random);
    const wanted = Math.max(1, Math.round(places.length * testShare));
    const tested = Math.min(places.length - 1, wanted);
    for (let n = 0; n < tested; n++) isTest[places[n]!] = 1;
  }
  const all = Uint32Array.from(isTest, (_, n) => n);
  return { train: all.filter((n) => !isTest[n]), test: all.filter((n) => isTest[n]) };
}

/** Fisher and Yates. */
function shuffle(places: number[], random: () => number): void {
  for (let n = places.length - 1; n > 0; n--) {
    const other = Math.floor(random() * (n + 1));
    [places[n], places[other]] = [places[other]!, places[n]!];
  }
}
