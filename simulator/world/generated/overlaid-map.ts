import { IndexedMap } from '../indexed-map.ts';
import type { OwnerField } from '../indexed-map.ts';

/** Where records come from that are stored nowhere. */
export interface Source<T> {
  find(id: string): T | undefined;
  /** Those of one owner, where they are few. */
  listBy(field: OwnerField, ownerId: string): T[];
}

/**
 * Stored records lying over generated ones: a change stores a generated record, a removal leaves a gap. Walking the map and
 * asking for a whole location give the stored ones alone: a population is walked by its numbers.
 */
export class OverlaidMap<T extends { locationId: string }> extends IndexedMap<T> {
  readonly #source: Source<T>;
  readonly #gone = new Set<string>();
  readonly #covered = new Map<string, Set<string>>();

  constructor(source: Source<T>) {
    super();
    this.#source = source;
  }

  override get(id: string): T | undefined {
    return super.get(id) ?? (this.#gone.has(id) ? undefined : this.#source.find(id));
  }

  override has(id: string): boolean {
    return this.get(id) !== undefined;
  }

  override set(id: string, record: T): this {
    super.set(id, record);
    this.#gone.delete(id);
    this.#cover(id);
    return this;
  }

  override delete(id: string): boolean {
    const existed = this.get(id) !== undefined;
    super.delete(id);
    if (this.#cover(id)) this.#gone.add(id);
    return existed;
  }

  override listBy(field: OwnerField, ownerId: string): T[] {
    const stored = super.listBy(field, ownerId);
    if (field === 'locationId' || field === 'companyId') return stored;
    const others = this.#source.listBy(field, ownerId) as (T & { id: string })[];
    return [...others.filter(({ id, locationId }) => !this.coveredIn(locationId).has(id)), ...stored];
  }

  /** The generated records of a location that are stored or gone by now. */
  coveredIn(locationId: string): ReadonlySet<string> {
    return this.#covered.get(locationId) ?? new Set();
  }

  /** The ids of the gaps. */
  listGone(): string[] {
    return [...this.#gone];
  }

  #cover(id: string): boolean {
    const generated = this.#source.find(id);
    if (!generated) return false;
    const known = this.#covered.get(generated.locationId);
    if (known) known.add(id);
    else this.#covered.set(generated.locationId, new Set([id]));
    return true;
  }
}
