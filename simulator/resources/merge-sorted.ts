/** Yields the members of two sorted sources in their common order, taking no more of either than is asked for. */
export function* mergeSorted<T>(
  stored: readonly T[],
  generated: Iterable<T>,
  compare: (a: T, b: T) => number,
): Generator<T> {
  let position = 0;
  for (const next of generated) {
    for (let own = stored[position]; own !== undefined && compare(own, next) <= 0; own = stored[position]) {
      yield own;
      position += 1;
    }
    yield next;
  }
  yield* stored.slice(position);
}

/** Takes a page out of a long source: `count` members after the first `skip`. */
export function takePage<T>(source: Iterable<T>, skip: number, count: number): T[] {
  const page: T[] = [];
  let passed = 0;
  for (const one of source) {
    passed += 1;
    if (passed <= skip) continue;
    page.push(one);
    if (page.length >= count) break;
  }
  return page;
}
