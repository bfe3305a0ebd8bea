const fields = ['companyId', 'locationId', 'contactId', 'conversationId'] as const;
export type OwnerField = (typeof fields)[number];

/** Records by id that are also found by what they belong to, without walking them all. */
export class IndexedMap<T extends object> extends Map<string, T> {
  readonly #byOwner = new Map<string, Set<string>>();

  override set(id: string, record: T): this {
    const owners = ownersOf(record);
    const before = this.get(id);
    for (const key of before ? ownersOf(before) : []) if (!owners.includes(key)) this.#byOwner.get(key)?.delete(id);
    for (const key of owners) {
      const known = this.#byOwner.get(key);
      if (known) known.add(id);
      else this.#byOwner.set(key, new Set([id]));
    }
    return super.set(id, record);
  }

  override delete(id: string): boolean {
    const record = this.get(id);
    if (record) for (const key of ownersOf(record)) this.#byOwner.get(key)?.delete(id);
    return super.delete(id);
  }

  /** The records that name this owner, in the order in which they came to it. */
  listBy(field: OwnerField, ownerId: string): T[] {
    return [...(this.#byOwner.get(`${field}/${ownerId}`) ?? [])].flatMap((id) => this.get(id) ?? []);
  }
}

function ownersOf(record: object): string[] {
  const values = new Map<string, unknown>(Object.entries(record));
  return fields.flatMap((field) => {
    const value = values.get(field);
    return typeof value === 'string' ? [`${field}/${value}`] : [];
  });
}
