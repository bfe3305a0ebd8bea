import type { EditState } from './contact-edit.ts';
import { EDITABLE_FIELDS, type FieldName, isOptOut, isSameValue } from './contact-fields.ts';
import type { MappedType } from './field-mapping.ts';
import type { FieldValue } from './mirror.ts';

/** Who is right when a field changed here and in GHL. */
export const CONFLICT_POLICIES = ['ghl-wins', 'ours-wins', 'newest-wins', 'ask'] as const;
export type ConflictPolicy = (typeof CONFLICT_POLICIES)[number];

/** What holds where an agency has said nothing. */
const USUAL_POLICY: ConflictPolicy = 'newest-wins';

/** What a location has said about a field; all tags are one field, `tags`. */
export interface StoredPolicy {
  field: string;
  policy: ConflictPolicy;
}

/** Stands for every field that is not named. */
export const ALL_FIELDS = '*';

/** The policy of a field among what its location has said. An opt-out is never overruled, nor asked about. */
export function choosePolicy(policies: readonly StoredPolicy[], field: FieldName): ConflictPolicy {
  if (isOptOut(field)) return 'ours-wins';
  const name = field.startsWith('tag:') ? 'tags' : field;
  const found = policies.find((each) => each.field === name) ?? policies.find((each) => each.field === ALL_FIELDS);
  return found?.policy ?? USUAL_POLICY;
}

/** One field of one contact that is to have a value in GHL. */
export interface FieldEdit {
  field: FieldName;
  /** Null empties it; for a tag whether the contact is to have it. */
  value: FieldValue;
  /**
   * What GHL showed when the edit was made, and what we ourselves may have put there since: while GHL shows one of
   * these, nobody else has changed the field.
   */
  bases: readonly FieldValue[];
  madeAt: Date;
  /** It may only fill what is empty: e-mail and phone of a contact that GHL turns out to have, where a replaced one is lost. */
  fillsOnly?: boolean;
  /** What the location's mapping takes a custom field for. */
  type?: MappedType | undefined;
}

/** The field as GHL has it now. */
export interface RemoteField {
  value: FieldValue;
  /** Since when at the latest; GHL tells the time of a contact's last change, and not of each field's. */
  changedAt: Date;
}

export type EditVerdict =
  | { verdict: 'done'; reason: 'ghl-has-it' }
  | { verdict: 'push'; reason: 'unmoved' | 'ours-wins' | 'ours-newer' }
  | { verdict: 'overrule'; reason: 'ghl-wins' | 'ghl-newer' | 'identifier-kept' }
  | { verdict: 'hold'; reason: 'ask' };

/**
 * Decides what becomes of an edit beside what GHL shows. A conflict is when GHL's value has moved away from what the
 * edit was made on, before we wrote; and that it moved to what we want is none. At the same moment ours is right.
 */
export function judgeEdit(edit: FieldEdit, remote: RemoteField, policy: ConflictPolicy): EditVerdict {
  const { field, type } = edit;
  const isShown = (value: FieldValue): boolean => isSameValue(field, remote.value, value, type);
  if (isShown(edit.value)) return { verdict: 'done', reason: 'ghl-has-it' };
  if (edit.bases.some(isShown)) return { verdict: 'push', reason: 'unmoved' };
  if (edit.fillsOnly === true) return { verdict: 'overrule', reason: 'identifier-kept' };
  switch (policy) {
    case 'ghl-wins':
      return { verdict: 'overrule', reason: 'ghl-wins' };
    case 'ours-wins':
      return { verdict: 'push', reason: 'ours-wins' };
    case 'ask':
      return { verdict: 'hold', reason: 'ask' };
    case 'newest-wins':
      return remote.changedAt > edit.madeAt
        ? { verdict: 'overrule', reason: 'ghl-newer' }
        : { verdict: 'push', reason: 'ours-newer' };
  }
}

/**
 * On what an edit is made that takes the place of one that GHL has not got for sure: what was shown when it was made, and
 * what ours before it may have put there, the replaced one's value last, because it may be on its way. While that one is
 * pending it is what is shown, so that the first of them says what GHL showed.
 */
export function basesAfter(
  before: Pick<FieldEdit, 'bases' | 'value'> & { state: EditState },
  shown: FieldValue,
): FieldValue[] {
  const [first = shown, ...ours] = before.bases;
  return [before.state === 'pending' ? first : shown, ...ours, before.value];
}

/** Whether a policy can be given for what a field is called so. */
export const policyField = (field: string): boolean =>
  field === ALL_FIELDS ||
  field === 'tags' ||
  (field !== 'dnd' && (EDITABLE_FIELDS as readonly string[]).includes(field)) ||
  /^custom:[\w-]{1,100}$/.test(field);
