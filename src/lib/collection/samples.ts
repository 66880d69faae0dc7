/** A collection to try before one has data of one's own. */
export interface Sample {
  id: 'products' | 'headlines' | 'reviews';
  /** The collection's name. */
  name: string;
  /** One line about what is in it. */
  description: string;
  /** The file's path from the page. */
  file: string;
  /** How an item becomes the text that is embedded. */
  template: string;
  idField: 'id';
  titleField: string;
  /** Searches that show what it can do, with the built-in embedder too. */
  queries: string[];
}

/** The samples that come with the page; all texts were written for it. */
export const SAMPLES: readonly Sample[] = [
  {
    id: 'products',
    name: 'Products',
    description: '120 things for kitchen, garden, trail and desk, with prices and features.',
    file: 'samples/products.json',
    template: '{title} ({category})\n{short_description}\n{features}',
    idField: 'id',
    titleField: 'title',
    queries: [
      'wireless headphones for a long flight',
      'feeding the cat automatically',
      'tomatoes on a balcony',
      'waterprof boots for hiking'
    ]
  },
  {
    id: 'headlines',
    name: 'Headlines',
    description: '126 invented news headlines from ten desks, with topics, keywords and dates.',
    file: 'samples/headlines.json',
    template: '{headline}\n{topic}: {keywords}',
    idField: 'id',
    titleField: 'headline',
    queries: [
      'solar batteries for the city',
      'animals that sleep',
      'night trains along the coast',
      'bees and honey'
    ]
  },
  {
    id: 'reviews',
    name: 'Reviews',
    description: '122 short product reviews, glad and sorry, with stars and sentiment.',
    file: 'samples/reviews.csv',
    template: '{product}: {review}',
    idField: 'id',
    titleField: 'review',
    queries: [
      'leaking lid',
      'my back pain is gone',
      'dog hair everywhere',
      'noise cancelling on the train'
    ]
  }
];
