/** Similarity below which an offer is in vain. */
export function thresholdOf(heap: usize): f32 {
  if (load<u32>(heap) < load<u32>(heap, 4)) return -Infinity;
  return load<u32>(heap, 4) == 0 ? Infinity : load<f32>(heap, 8);
}

/** Keeps the row if it is among the k best so far; the weakest is on top. */
export function offer(heap: usize, row: u32, similarity: f32): void {
  const size = load<u32>(heap);
  const k = load<u32>(heap, 4);
  if (size < k) {
    store<u32>(heap, size + 1);
    rise(heap, k, size, row, similarity);
  } else if (k > 0 && isWeaker(heap, k, 0, row, similarity)) sink(heap, k, row, similarity);
}

function rise(heap: usize, k: u32, place: u32, row: u32, similarity: f32): void {
  while (place > 0) {
    const parent = (place - 1) >> 1;
    if (isWeaker(heap, k, parent, row, similarity)) break;
    put(heap, k, place, rowAt(heap, k, parent), similarityAt(heap, parent));
    place = parent;
  }
  put(heap, k, place, row, similarity);
}

/** Replaces the weakest and lets the newcomer sink to its place; the heap is full. */
function sink(heap: usize, k: u32, row: u32, similarity: f32): void {
  let place: u32 = 0;
  for (let child: u32 = 1; child < k; child = 2 * place + 1) {
    const right = child + 1;
    if (right < k && isWeaker(heap, k, right, rowAt(heap, k, child), similarityAt(heap, child))) {
      child = right;
    }
    if (!isWeaker(heap, k, child, row, similarity)) break;
    put(heap, k, place, rowAt(heap, k, child), similarityAt(heap, child));
    place = child;
  }
  put(heap, k, place, row, similarity);
}

function isWeaker(heap: usize, k: u32, place: u32, row: u32, similarity: f32): bool {
  const kept = similarityAt(heap, place);
  return kept < similarity || (kept == similarity && rowAt(heap, k, place) > row);
}

function similarityAt(heap: usize, place: u32): f32 {
  return load<f32>(heap + 4 * place, 8);
}

function rowAt(heap: usize, k: u32, place: u32): u32 {
  return load<u32>(heap + 4 * (k + place), 8);
}

function put(heap: usize, k: u32, place: u32, row: u32, similarity: f32): void {
  store<f32>(heap + 4 * place, similarity, 8);
  store<u32>(heap + 4 * (k + place), row, 8);
}
