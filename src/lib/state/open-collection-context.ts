import { createContext } from 'svelte';
import type { OpenCollection } from './open-collection.svelte.ts';

/** The collection that the pages below a collection's layout show; null while it is being opened. */
export const [getOpenCollection, setOpenCollection] = createContext<() => OpenCollection | null>();
