/** The sum of four i32. */
export function addLanes(v: v128): i32 {
  return (
    i32x4.extract_lane(v, 0) +
    i32x4.extract_lane(v, 1) +
    i32x4.extract_lane(v, 2) +
    i32x4.extract_lane(v, 3)
  );
}

/** The sum of four f32, in this order. */
export function addFloatLanes(v: v128): f32 {
  const low = f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1);
  const high = f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3);
  return low + high;
}

/** √n, never less: the square of a float32 is exact in 64 bits. */
export function rootRoundedUp(n: i32): f32 {
  let root = f32(Math.sqrt(f64(n)));
  while (f64(root) * f64(root) < f64(n)) {
    root = reinterpret<f32>(reinterpret<i32>(root) + 1);
  }
  return root;
}
