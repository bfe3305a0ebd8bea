import type { Blocks } from './contact-blocks.ts';
import { type FieldName, readFieldName, withValue } from './contact-fields.ts';
import type { Fields, FieldValue } from './mirror.ts';

/**
 * `pending`: to be written; `held`: waits for an operator; `synced`: GHL has it; `overruled`: GHL's value stands;
 * `superseded`: a later edit took its place; `failed`: GHL refuses it, or was away for too long.
 */
export const EDIT_STATES = ['pending', 'held', 'synced', 'overruled', 'superseded', 'failed'] as const;
export type EditState = (typeof EDIT_STATES)[number];

export type EditOrigin = 'api' | 'cli';

/** An edit as far as what is shown of a contact depends on it. */
export interface ShownEdit {
  field: FieldName;
  value: FieldValue;
  state: EditState;
  /** Attempts that did not get through. */
  attempts: number;
  lastError: string | null;
}

/** `deferred`: GHL is away, or its limit is used up; it goes on by itself. `held`: an operator is asked. */
export const SYNC_STATUSES = ['pending', 'deferred', 'held', 'failed', 'synced'] as const;
export type SyncStatus = (typeof SYNC_STATUSES)[number];

export interface ContactSync {
  syncStatus: SyncStatus;
  retryCount: number;
  lastError: string | null;
}

/** How far our changes of a contact have come; the worst first, so that a failure is not hidden by what goes on. */
export function judgeSync(edits: readonly ShownEdit[]): ContactSync {
  const of = (state: EditState): ShownEdit[] => edits.filter((edit) => edit.state === state);
  const tell = (syncStatus: SyncStatus, told: ShownEdit[]): ContactSync => ({
    syncStatus,
    retryCount: Math.max(0, ...told.map((edit) => edit.attempts)),
    lastError: told.find((edit) => edit.lastError !== null)?.lastError ?? null,
  });
  const [failed, held, pending] = [of('failed'), of('held'), of('pending')];
  if (failed.length > 0) return tell('failed', failed);
  if (held.length > 0) return tell('held', held);
  if (pending.some((edit) => edit.lastError !== null)) return tell('deferred', pending);
  return tell(pending.length > 0 ? 'pending' : 'synced', pending);
}

/**
 * What is shown of a contact: what GHL showed, with what is on its way over it. Of a contact that GHL has not got yet
 * all is known from its edits, whatever has become of them.
 */
export function overlay(fields: Fields, edits: readonly ShownEdit[], isInGhl: boolean): Fields {
  const shown = edits.filter(
    ({ state }) => state === 'pending' || (!isInGhl && (state === 'held' || state === 'failed')),
  );
  return shown.reduce((shownSoFar, { field, value }) => withValue(shownSoFar, field, value), fields);
}

/** What the edits ask of GHL, sorted by the call that does it. Tags go by their own: in a body they replace all. */
export interface ContactWrites {
  plain: Record<string, string | true | null>;
  custom: { id: string; value: FieldValue }[];
  /** Channels on which contacting goes off. */
  blocks: Blocks;
  tagsToAdd: string[];
  tagsToRemove: string[];
}

export function planWrites(edits: readonly { field: FieldName; value: FieldValue }[]): ContactWrites {
  const writes: ContactWrites = { plain: {}, custom: [], blocks: {}, tagsToAdd: [], tagsToRemove: [] };
  for (const { field, value } of edits) {
    const of = readFieldName(field);
    if (of.kind === 'tag') (value === true ? writes.tagsToAdd : writes.tagsToRemove).push(of.tag);
    else if (of.kind === 'custom') writes.custom.push({ id: of.id, value });
    else if (of.kind === 'block') writes.blocks[of.channel] = { status: 'active' };
    else if (of.name === 'dnd') writes.plain[of.name] = true;
    else writes.plain[of.name] = typeof value === 'string' ? value : null;
  }
  return writes;
}
