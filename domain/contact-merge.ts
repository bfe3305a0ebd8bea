import { blockOn, type Blocks, blockStrength, isBlockChannel, settingsOf } from './contact-blocks.ts';
import { EDITABLE_FIELDS, type EditableField, isSameValue } from './contact-fields.ts';
import { type Fields, type FieldValue, isDeepEqual } from './mirror.ts';

/** A contact of GHL as far as merging looks at it: the fields as the mirror keeps them. */
export interface MergedContact {
  fields: Fields;
}

/** What GHL deletes with the contact that goes, and what cannot be given to the one that stays. */
export interface MergeLosses {
  opportunities: number;
  hasConversation: boolean;
  appointments: number;
}

/** Why a merge is not carried out: an opt-out has no way, or nobody agreed to lose records, or fields, of the one that goes. */
export type MergeRefusal = 'opt-out-cannot-follow' | 'would-lose-records' | 'would-lose-fields';

/** Fields that a contact keeps for itself: two contacts of a location may not share them while both are there. */
const IDENTIFIERS = ['email', 'phone'] as const;
/** More of them, which the API never sets. */
const UNWRITABLE = ['additionalEmails', 'additionalPhones'] as const;
/** What GHL lets nobody change, what says where a contact came from, and what the blocks say. */
const NOT_COPIED: ReadonlySet<EditableField> = new Set<EditableField>([...IDENTIFIERS, 'companyName', 'source', 'dnd']);
const COPIED = EDITABLE_FIELDS.filter((name) => !NOT_COPIED.has(name));

/** What the survivor gets of the one that goes. */
export interface MergePlan {
  fields: Record<string, string>;
  customFields: { id: string; value: FieldValue }[];
  tags: string[];
  /** Where the one that goes may not be contacted; neither may the survivor from now on, and for as long. */
  blocks: Blocks;
  isBlocked: boolean;
  /** E-mail and phone, where the survivor has none: they follow when the other one is gone. */
  carried: Partial<Record<'email' | 'phone', string>>;
}

const textOf = (fields: Fields, name: string): string | null => {
  const value = fields[name];
  return typeof value === 'string' && value.trim() !== '' ? value : null;
};
const recordOf = (value: FieldValue | undefined): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
const tagsOf = (fields: Fields): string[] =>
  Array.isArray(fields['tags']) ? fields['tags'].filter((tag) => typeof tag === 'string') : [];

/** The channels on which the one that goes is blocked more firmly than the one that stays. */
const blocksToCarry = (kept: Fields, gone: Fields): string[] =>
  Object.keys(settingsOf(gone)).filter((channel) => blockStrength(gone, channel) > blockStrength(kept, channel));
/** What of the one that goes cannot follow: an e-mail or phone beside the survivor's own, and what the API never sets. */
function losesFields(kept: Fields, gone: Fields): boolean {
  const hasBoth = (name: 'email' | 'phone'): boolean => textOf(kept, name) !== null && textOf(gone, name) !== null;
  const isAnother = (name: 'email' | 'phone'): boolean => !isSameValue(name, kept[name] ?? null, gone[name] ?? null);
  return (
    IDENTIFIERS.some((name) => hasBoth(name) && isAnother(name)) ||
    UNWRITABLE.some((name) => gone[name] !== undefined && !isDeepEqual(kept[name], gone[name]))
  );
}

/**
 * Decides what one contact gets of another that is the same person: it keeps all its own values, gets what it lacks, all
 * tags, and every block of contacting, as firm as it was.
 */
export function planMerge(survivor: MergedContact, loser: MergedContact): MergePlan {
  const [kept, gone] = [survivor.fields, loser.fields];
  const lacks = (name: string): boolean => textOf(kept, name) === null && textOf(gone, name) !== null;
  const pick = (names: readonly string[]): Record<string, string> =>
    Object.fromEntries(names.filter(lacks).map((name) => [name, textOf(gone, name) ?? '']));
  const own = recordOf(kept['customFields']);
  const customFields = Object.entries(recordOf(gone['customFields']))
    .filter(([id, value]) => value !== null && (own[id] === undefined || own[id] === null || own[id] === ''))
    .map(([id, value]) => ({ id, value }));
  const channels = blocksToCarry(kept, gone).filter(isBlockChannel);
  return {
    fields: pick(COPIED),
    customFields,
    tags: tagsOf(gone).filter((tag) => !tagsOf(kept).includes(tag)),
    blocks: Object.fromEntries(channels.map((channel) => [channel, blockOn(gone, channel)])),
    isBlocked: gone['dnd'] === true && kept['dnd'] !== true,
    carried: pick(IDENTIFIERS),
  };
}

/** Whether the survivor may still be contacted where the one that goes may not. */
export const owesBlock = ({ blocks, isBlocked }: MergePlan): boolean => isBlocked || Object.keys(blocks).length > 0;

/** Whether the survivor lacks nothing that it can be given while the other one is there. */
export const isCarriedOut = (plan: MergePlan): boolean =>
  !owesBlock(plan) && Object.keys(plan.fields).length + plan.customFields.length + plan.tags.length === 0;

/** Decides whether the merge is safe; the loss of records and fields can be accepted, that of an opt-out cannot. */
export function judgeMerge(
  survivor: MergedContact,
  loser: MergedContact,
  losses: MergeLosses,
  acceptsLoss: boolean,
): { isSafe: boolean; reason: MergeRefusal | 'ok' } {
  if (!blocksToCarry(survivor.fields, loser.fields).every(isBlockChannel)) {
    return { isSafe: false, reason: 'opt-out-cannot-follow' };
  }
  if (acceptsLoss) return { isSafe: true, reason: 'ok' };
  const loses = losses.opportunities > 0 || losses.appointments > 0 || losses.hasConversation;
  if (loses) return { isSafe: false, reason: 'would-lose-records' };
  if (losesFields(survivor.fields, loser.fields)) return { isSafe: false, reason: 'would-lose-fields' };
  return { isSafe: true, reason: 'ok' };
}
