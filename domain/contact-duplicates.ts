export type DuplicateReason = 'same-email' | 'same-phone';

/** A contact that has something which others have as well. */
export interface SharedIdentifier {
  contactId: string;
  reason: DuplicateReason;
  /** What they share, in the one spelling by which people are compared. */
  key: string;
}

export interface DuplicateGroup {
  contactIds: string[];
  reasons: DuplicateReason[];
}

/** Puts together who is joined by an e-mail or a phone, over as many steps as it takes; the larger groups first. */
export function groupDuplicates(shared: readonly SharedIdentifier[]): DuplicateGroup[] {
  const parents = new Map<string, string>();
  const rootOf = (id: string): string => {
    let root = id;
    for (let next = parents.get(root); next !== undefined && next !== root; next = parents.get(root)) root = next;
    parents.set(id, root);
    return root;
  };
  const firstOf = new Map<string, string>();
  for (const { contactId, reason, key } of shared) {
    if (!parents.has(contactId)) parents.set(contactId, contactId);
    const first = firstOf.get(`${reason}/${key}`);
    if (first === undefined) firstOf.set(`${reason}/${key}`, contactId);
    else parents.set(rootOf(contactId), rootOf(first));
  }
  const groups = new Map<string, { ids: Set<string>; reasons: Set<DuplicateReason> }>();
  for (const { contactId, reason } of shared) {
    const root = rootOf(contactId);
    const group = groups.get(root) ?? { ids: new Set(), reasons: new Set() };
    groups.set(root, group);
    group.ids.add(contactId);
    group.reasons.add(reason);
  }
  return [...groups.values()]
    .filter(({ ids }) => ids.size > 1)
    .map(({ ids, reasons }) => ({ contactIds: [...ids].sort(), reasons: [...reasons].sort() }))
    .sort((a, b) => b.contactIds.length - a.contactIds.length || (a.contactIds[0]! < b.contactIds[0]! ? -1 : 1));
}
