import { isDeepStrictEqual } from 'node:util';
import { GhlInvalidError } from './errors.ts';

/** One page of a list, and what to ask for the next one with; `next` is null after the last. */
export interface Page<Item, Cursor> {
  items: Item[];
  next: Cursor | null;
}

/**
 * Goes through a list to its end, page by page.
 * @param readPage reads the page at a cursor, the first one without
 * @throws GhlInvalidError `endless-list` when a page leads to itself; what `readPage` raises
 */
export async function* walkPages<Item, Cursor>(
  readPage: (after: Cursor | undefined) => Promise<Page<Item, Cursor>>,
): AsyncGenerator<Item[], void, undefined> {
  let after: Cursor | undefined;
  for (;;) {
    const { items, next } = await readPage(after);
    yield items;
    if (next === null) return;
    if (after !== undefined && isDeepStrictEqual(next, after)) {
      throw new GhlInvalidError({ operation: 'walkPages', reason: 'endless-list' });
    }
    after = next;
  }
}

/**
 * A page of a list that is read by offset. Such a list moves under the reader: what is added or removed meanwhile shows
 * twice or not at all, so who has to see everything once looks at ids and reads again.
 * @param offset how many came before it
 */
export function pageByOffset<Item>(items: Item[], offset: number, limit: number): Page<Item, number> {
  return { items, next: items.length < limit ? null : offset + items.length };
}
