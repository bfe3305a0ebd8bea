import type { NoRedrive, RedriveWay } from './dead-letter.ts';

/** Why work that can be redriven in general cannot be now. */
export type RedriveRefusal =
  | NoRedrive
  | 'lead-unknown'
  | 'lead-closed'
  | 'nothing-buried'
  | 'event-gone'
  | 'location-not-connected'
  | 'contact-unknown'
  | 'nothing-failed'
  | 'pass-unknown'
  | 'run-unknown'
  | 'merge-not-failed'
  | 'merge-refused'
  | 'contact-being-merged'
  | 'delivery-not-refused';

/**
 * What became of one letter. `already-redriven`: somebody did it before, and nothing was done now. `settled-along`: another
 * letter that was redriven with it has settled it, for both are about the same work; those are its `alsoSettles`.
 */
export type RedriveResult = { id: string; capability: string; cause: string } & (
  | { outcome: 'redriven'; way: RedriveWay; reason: string; alsoSettles: string[] }
  | { outcome: 'refused'; why: RedriveRefusal; reason: string }
  | { outcome: 'already-redriven' | 'not-open' | 'settled-along' }
);

/** Letters of one capability and cause with which the same was done. */
export interface RedriveSummary {
  capability: string;
  cause: string;
  outcome: RedriveResult['outcome'];
  /** The way it goes, or why not. */
  code: string;
  reason: string;
  letters: number;
  /** How many other letters go along, whether they fit the filter or not; those that do are in a group of their own as well. */
  alsoSettles: number;
}

const REFUSALS: Record<Exclude<RedriveRefusal, NoRedrive>, string> = {
  'lead-unknown': 'the lead is not to be seen with this credential, or is gone',
  'lead-closed': 'the lead is over: discard the letter',
  'nothing-buried': 'nothing of it is buried in the inbox any more: discard the letter',
  'event-gone': 'the event, or its body, is not kept any more',
  'location-not-connected': 'the location is not connected to GHL: connect it first',
  'contact-unknown': 'the contact is not to be seen with this credential, or is gone',
  'nothing-failed': 'no change of the contact is failed any more',
  'pass-unknown': 'there is no such pass any more',
  'run-unknown': 'the run is not to be seen with this credential, or is gone',
  'merge-not-failed': 'the merge is not failed any more',
  'merge-refused': 'the two contacts cannot be merged as they are now: contacts merge tells why',
  'contact-being-merged': 'the contact is being merged: try again when that is done',
  'delivery-not-refused': 'the notice has reached whom it was for, or may have, or is gone: discard the letter',
};

/** A refusal in a sentence. */
export const explainRefusal = (why: Exclude<RedriveRefusal, NoRedrive>): string => REFUSALS[why];

const ID_AT_END = /:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DONE_ALREADY = {
  'already-redriven': 'it was redriven before',
  'not-open': 'it is resolved or discarded',
  'settled-along': 'it is about the same work as another one, and goes along with it',
};

/**
 * Tells of letters that were redriven one after the other which of them went along with one before. A dry run takes each back before
 * the next, and so counts them as if they were alone.
 */
export function markSettledAlong(results: readonly RedriveResult[]): RedriveResult[] {
  const along = new Set<string>();
  return results.map((result) => {
    const { id, capability, cause } = result;
    if (along.has(id)) return { id, capability, cause, outcome: 'settled-along' };
    if (result.outcome !== 'redriven') return result;
    // One that goes along with two is counted with the first.
    const alsoSettles = result.alsoSettles.filter((each) => !along.has(each));
    for (const each of alsoSettles) along.add(each);
    return { ...result, alsoSettles };
  });
}

/** Puts together what was done with letters of the same kind, in the order in which they came. */
export function summariseRedrives(results: readonly RedriveResult[]): RedriveSummary[] {
  const groups = new Map<string, RedriveSummary>();
  for (const result of results) {
    const { capability, outcome } = result;
    const cause = result.cause.replace(ID_AT_END, '');
    const code = outcome === 'redriven' ? result.way : outcome === 'refused' ? result.why : outcome;
    const reason = outcome === 'redriven' || outcome === 'refused' ? result.reason : DONE_ALREADY[outcome];
    const key = JSON.stringify([capability, cause, outcome, code]);
    const group = groups.get(key) ?? { capability, cause, outcome, code, reason, letters: 0, alsoSettles: 0 };
    const alsoSettles = group.alsoSettles + (outcome === 'redriven' ? result.alsoSettles.length : 0);
    groups.set(key, { ...group, letters: group.letters + 1, alsoSettles });
  }
  return [...groups.values()];
}
