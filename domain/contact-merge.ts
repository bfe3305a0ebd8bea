import type { Fields, FieldValue } from './mirror.ts';

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

export type MergeRefusal = 'opt-out-cannot-follow' | 'would-lose-records';

/** Channels on which the API can switch contacting off. */
const WRITABLE_CHANNELS = ['Call', 'Email', 'SMS', 'WhatsApp', 'GMB', 'FB'] as const;
type WritableChannel = (typeof WRITABLE_CHANNELS)[number];

/** Fields that a contact keeps for itself: two contacts of a location may not share them while both are there. */
const IDENTIFIERS = ['email', 'phone'] as const;
const COPIED = [
  'firstName',
  'lastName',
  'address1',
  'city',
  'state',
  'postalCode',
  'website',
  'timezone',
  'dateOfBirth',
  'assignedTo',
] as const;

/** What the survivor gets of the one that goes. */
export interface MergePlan {
  fields: Record<string, string>;
  customFields: { id: string; value: FieldValue }[];
  tags: string[];
  /** Channels on which the one that goes may not be contacted; neither may the survivor from now on. */
  blockedChannels: WritableChannel[];
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

/** The channels on which somebody is not to be contacted. GHL's `active` and `permanent` both mean that it is off. */
const blockedOf = (fields: Fields): string[] =>
  Object.entries(recordOf(fields['dndSettings']))
    .filter(([, setting]) => {
      const { status } = recordOf(setting);
      return status === 'active' || status === 'permanent';
    })
    .map(([channel]) => channel);

/**
 * Decides what one contact gets of another that is the same person: it keeps all its own values, gets what it lacks, all
 * tags, and every block of contacting.
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
  const blockedChannels = WRITABLE_CHANNELS.filter(
    (channel) => blockedOf(gone).includes(channel) && !blockedOf(kept).includes(channel),
  );
  return {
    fields: pick(COPIED),
    customFields,
    tags: tagsOf(gone).filter((tag) => !tagsOf(kept).includes(tag)),
    blockedChannels,
    isBlocked: gone['dnd'] === true && kept['dnd'] !== true,
    carried: pick(IDENTIFIERS),
  };
}

/** Decides whether the merge is safe; the loss of records can be accepted, that of an opt-out cannot. */
export function judgeMerge(
  survivor: MergedContact,
  loser: MergedContact,
  losses: MergeLosses,
  acceptsLoss: boolean,
): { isSafe: boolean; reason: MergeRefusal | 'ok' } {
  const covered = new Set<string>([...WRITABLE_CHANNELS, ...blockedOf(survivor.fields)]);
  if (blockedOf(loser.fields).some((channel) => !covered.has(channel))) {
    return { isSafe: false, reason: 'opt-out-cannot-follow' };
  }
  const loses = losses.opportunities > 0 || losses.appointments > 0 || losses.hasConversation;
  if (loses && !acceptsLoss) return { isSafe: false, reason: 'would-lose-records' };
  return { isSafe: true, reason: 'ok' };
}
