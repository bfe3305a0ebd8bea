import { patched } from '@temporalio/workflow';

/**
 * The steps that a lead's run takes which is begun now: its starter names them in the input, where they cost nothing, and
 * not each run in its history by `patched`, which is two events and a write of Temporal's lists. The number goes up with the
 * steps, and starters name the new one once all workers that may get the run know it.
 */
export const LEAD_WAY = 1;

/**
 * Which steps a run takes. A run that was begun before its input told asks its history, as it did; the questions are
 * asked where the answer is needed first, and one that is answered stands for those that are older.
 */
export interface LeadWay {
  /** The first try of a route is made within the workflow task that asks for it. */
  isRoutedAtOnce(): boolean;
  /** Placing and confirming are one step, explaining and notifying another. */
  isInFewerSteps(): boolean;
  /** GHL is told beside the loop, and not inside. */
  isGhlToldBeside(): boolean;
  /** What one location is told waits for no other's. */
  isToldByLocation(): boolean;
  /** GHL is told of a new lead in the step that assigns it, when that is quick. */
  isToldAtOnce(): boolean;
  /** A contact that is gone may have been merged into another. */
  isMergeFollowed(): boolean;
  /** That GHL does not say whom it shows as the contact's user is told. */
  isUnreadReassignmentTold(): boolean;
  /** What cannot be told of a reassignment keeps nothing behind it back. */
  isEachToldByItself(): boolean;
}

const yes = (): boolean => true;
const WAY_OF_NOW: LeadWay = {
  isRoutedAtOnce: yes,
  isInFewerSteps: yes,
  isGhlToldBeside: yes,
  isToldByLocation: yes,
  isToldAtOnce: yes,
  isMergeFollowed: yes,
  isUnreadReassignmentTold: yes,
  isEachToldByItself: yes,
};

const isRoutedAtOnce = (): boolean => patched('lead-routed-at-once');
const isInFewerSteps = (): boolean => isRoutedAtOnce() || patched('lead-in-fewer-steps');
const WAY_BY_HISTORY: LeadWay = {
  isRoutedAtOnce,
  isInFewerSteps,
  isGhlToldBeside: () => isInFewerSteps() || patched('ghl-told-beside'),
  isToldByLocation: () => isInFewerSteps() || patched('ghl-told-by-location'),
  isToldAtOnce: () => false,
  isMergeFollowed: () => patched('merge-followed'),
  isUnreadReassignmentTold: () => patched('unread-reassignment-told'),
  isEachToldByItself: () => patched('each-told-by-itself'),
};

/**
 * @param told what the run's input names; undefined in runs that were begun before
 * @throws Error, which only fails the workflow task: a worker that does not know the steps leaves the run to one that does
 */
export function wayOf(told: number | undefined): LeadWay {
  if (told === undefined) return WAY_BY_HISTORY;
  if (told === LEAD_WAY) return WAY_OF_NOW;
  throw new Error(`this worker does not know way ${told} of a lead`);
}
