import { beforeAll, describe, expect, it } from 'vitest';
import type { Sample } from '#lib/collection/samples.ts';
import { rankTexts, readSample, type ReadSample } from '../../support/samples.ts';

/** Searches as people type them, slips included, and a part of the text each is after. */
const SEARCHES: Record<Sample['id'], [query: string, target: string][]> = {
  products: [
    ['wirless hedphones', 'Wireless over-ear headphones'],
    ['shoe for your run in the mud', 'Trail running shoes'],
    ['noise canceling headphone for flights', 'Wireless over-ear headphones'],
    ['knife sharpening rod', 'Ceramic honing rod'],
    ['making pickles and saurkraut at home', 'Glass fermentation jars'],
    ['tent for two trekkers', 'Two-person trekking tent'],
    ['waterprof boots for a hike', 'Waterproof hiking boots'],
    ['desk to stand at', 'Standing desk with memory'],
    ['feeding the cat automatically', 'Automatic cat feeder'],
    ['bed for an old dog', 'Orthopaedic dog bed'],
    ['suitcase for the cabin', 'Carry-on suitcase'],
    ['lights for the garden path', 'Solar path lights'],
    ['composting with worms', 'Worm composter'],
    ['dumbells with adjustable weights', 'Adjustable dumbbells'],
    ['turntable for vinyl records', 'Belt-drive record player'],
    ['building a robot and coding it', 'Build-your-own robot kit'],
    ['jigsaw puzzle 1000 pieces', 'Thousand-piece night sky jigsaw'],
    ['vaccum robot pet hairs', 'Robot vacuum cleaner'],
    ['waking up with light', 'Sunrise alarm clock'],
    ['pen for handwriting', 'Refillable fountain pen'],
    ['keybord with quiet swiches', 'Mechanical keyboard'],
    ['sleping bag for cold nights', 'Down sleeping bag'],
    ['garden hoze that expands', 'Expandable garden hose'],
    ['expresso coffee maker', 'Stovetop espresso maker'],
    ['podcast microfone', 'USB podcast microphone'],
    ['slepping mask silk', 'Silk sleep mask'],
    ['dog brushing for long fur coats', 'Grooming brush'],
    ['thermostats that learn', 'Smart thermostat'],
    ['tomatos on a balcony', 'Self-watering tomato planter'],
    ['chess of weights, adjustable dumbell', 'Adjustable dumbbells'],
    ['filtering water from a stream', 'Gravity water filter'],
    ['birdfeeder against squirrels', 'Bird feeder with squirrel guard'],
    ['hammock and mosquitos', 'Hammock with mosquito net'],
    ['headphones for children', "Children's headphones"],
    ['wireless headphones for a long flight', 'Wireless over-ear headphones']
  ],
  headlines: [
    ['solar batterys for the city', 'Solar farms and batteries carry'],
    ['rivers flooding and a beaver dam', 'Beavers brought back'],
    ['school phone ban', 'Schools ban phones at break'],
    ['interest rate cut by the central bank', 'Central bank holds interest rates'],
    ['ransomware attacks on hospitals', 'Hospital restores every record'],
    ['dinosaur fossils with feathers', 'Fossil of a feathered dinosaur'],
    ['sleeping octopus', 'Octopuses change colour'],
    ['trains at night along the coast', 'Night train returns to the coast line'],
    ['cup final decided in extra time by underdog', 'Underdogs win the cup final'],
    ['malaria vaccination for children', 'Malaria vaccine reaches'],
    ['antibiotic from the soil', 'New antibiotic found in soil'],
    ['thieves steal chese', 'Cheese thieves caught'],
    ['volcanic island', 'Volcano under the sea'],
    ['teachers on strike', "Teachers' strike ends"],
    ['bycicle company takeover', 'Family bicycle maker'],
    ['astronomers find star eating planets', 'Telescope catches a star'],
    ['alergy season with pollen', 'Pollen season starts'],
    ['museums return mask', 'Museum returns bronze masks'],
    ['glaciers melting', 'Glacier that fed four valleys'],
    ['libary cards for babys', 'Library cards for newborn'],
    ['cycling breakaway in the mountains', 'Cyclist wins mountain stage'],
    ['farming robot for weeding', 'Farm robots learn to tell weeds'],
    ['wheelchair basket ball', 'Wheelchair basketball'],
    ['mushroms in the forest', 'Mushroom season']
  ],
  reviews: [
    ['leaking lunchbox lid', 'leaked minestrone'],
    ['zipper of the tent jammed', 'The zip jammed on the second night'],
    ['suitcase wheels broken', 'A wheel broke off'],
    ['no blisters in these boots', 'Not a single blister'],
    ['seasoning the skillet, food sticks', 'Everything sticks and I seem'],
    ['my back pains are gone', 'My back pain was gone'],
    ['missing puzzle piece', 'One piece short'],
    ['dog hair', 'Handles dog hair better'],
    ['husband snoring', 'My husband snores'],
    ['squirrels eating bird seed', 'The squirrel has tried everything'],
    ['neighbours complaining about the noise of training', 'The neighbours below'],
    ['headphone noise cancelation in a train', 'The noise cancelling is uncanny'],
    ['blackout curtin for the baby', 'Pitch dark at noon'],
    ['squeezing into the overhead locker', 'Glides over cobblestones'],
    ['rusty kettle', 'Rust spots inside'],
    ['wrist pain from my mouse', 'It took three days to get used to'],
    ['robot missing screws', 'Two screws and one motor']
  ]
};

/** The value below which `share` of the values lie. */
function quantile(values: number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)]!;
}

describe('searching the samples with the built-in embedder', () => {
  const samples = new Map<string, ReadSample>();
  beforeAll(async () => {
    for (const id of Object.keys(SEARCHES) as Sample['id'][]) samples.set(id, await readSample(id));
  });

  const answers = () =>
    Object.entries(SEARCHES).flatMap(([id, searches]) =>
      searches.map(([query, target]) => {
        const ranked = rankTexts(samples.get(id)!, query);
        const place = ranked.findIndex(({ text }) => text.includes(target));
        if (place === -1) throw new Error(`No text of ${id} holds “${target}”.`);
        return { query, ranked, place };
      })
    );

  it('finds at least 90 % of what was meant among the first three, and 80 % first', () => {
    const all = answers();
    const missed = all.filter(({ place }) => place >= 3).map(({ query }) => query);
    expect(missed.length, missed.join(' · ')).toBeLessThanOrEqual(all.length * 0.1);
    expect(all.filter(({ place }) => place === 0).length).toBeGreaterThanOrEqual(all.length * 0.8);
  });

  it('sets what was meant clearly apart from everything else', () => {
    const all = answers();
    const meant = all.map(({ ranked, place }) => ranked[place]!.similarity);
    const others = all.flatMap(({ ranked, place }) =>
      ranked.filter((_, n) => n !== place).map(({ similarity }) => similarity)
    );
    expect(quantile(meant, 0.5)).toBeGreaterThan(0.3);
    expect(Math.abs(quantile(others, 0.5))).toBeLessThan(0.05);
    expect(quantile(others, 0.95)).toBeLessThan(0.15);
  });
});
