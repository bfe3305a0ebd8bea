import { Context } from '@temporalio/activity';
import type { PlacementFacts } from '../db/lead-placement.ts';
import type { LocationCall } from '../ghl/calls.ts';
import { GhlError, GhlNotFoundError } from '../ghl/errors.ts';
import { toApplicationFailure, type WhenDisconnected } from './ghl-failure.ts';

/** Well below the heartbeat timeout of the GHL steps. */
const HEARTBEAT_MS = 5_000;

/**
 * Runs a step that calls GHL and turns its errors into what Temporal understands. While it runs, Temporal hears that
 * this process lives: one that dies in the middle is replaced after the heartbeat timeout.
 * @param whenDisconnected what happens while the install waits for a person
 */
export async function talkingToGhl<T>(step: () => Promise<T>, whenDisconnected?: WhenDisconnected): Promise<T> {
  const context = Context.current();
  const beating = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
  try {
    return await step();
  } catch (error) {
    if (error instanceof GhlError) throw toApplicationFailure(error, whenDisconnected);
    throw error;
  } finally {
    clearInterval(beating);
  }
}

/** How the steps of a lead call GHL for a location: before anything that can wait. */
export const callOf = (facts: Pick<PlacementFacts, 'address'>): LocationCall => ({
  resource: { kind: 'location', ...facts.address },
  lane: 'interactive',
  signal: Context.current().cancellationSignal,
});

/** What a person deleted in GHL meanwhile needs no change any more. Another 404 says nothing of the record, and is raised. */
export async function ignoringMissing(step: () => Promise<unknown>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof GhlNotFoundError) || error.reason !== 'not-found') throw error;
  }
}
