import {
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { AccountEvent } from '../domain/account-event.ts';
import { accounts, accountsGhl, obtainToken } from './account-steps.ts';
import { accountEventSignal } from './account-sync-messages.ts';
import { CANCELLED, failureCode, isStepFailure, putBeforeOperator } from './step-failure.ts';

export interface AccountSyncInput {
  agencyId: string;
  /** What an earlier run had not yet done. */
  events?: AccountEvent[];
}

/** What a run holds: what waits, and what steps are at, of which nobody knows whether it is done. */
interface Held {
  queue: AccountEvent[];
  toReread: AccountEvent[];
  applying: AccountEvent | undefined;
  reading: AccountEvent | undefined;
  /** Locations whose token is waited for, once for each time. */
  needToken: Set<{ locationId: string }>;
}

/**
 * Keeps an account's installs and users in step with GHL, one event after the other, and ends when it has done all.
 * An event that cannot be applied is a dead letter and keeps none behind it back; neither does a token that is waited
 * for. Events that do not tell enough are read from GHL in a row of their own, one at a time, so that a storm of them
 * spends the location's budget slowly and holds no install up. Who cancels it finds all that it still held in dead letters.
 */
export async function accountSync(input: AccountSyncInput): Promise<void> {
  const held: Held = { queue: [], toReread: [], applying: undefined, reading: undefined, needToken: new Set() };
  const take = (event: AccountEvent): void => {
    (event.needsReread === true ? held.toReread : held.queue).push(event);
  };
  for (const event of input.events ?? []) take(event);
  setHandler(accountEventSignal, take);
  try {
    await doAll(input, held);
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => handBack(input.agencyId, held));
    throw error;
  }
}

async function doAll({ agencyId }: AccountSyncInput, held: Held): Promise<void> {
  const { queue, toReread, needToken } = held;
  const isEmpty = (): boolean => queue.length === 0 && toReread.length === 0;
  // Started by a signal: the first event is here, or arrives with the next task.
  if (isEmpty()) await condition(() => !isEmpty(), '10 seconds');

  const isReading = (): boolean => held.reading !== undefined;
  const mustContinue = (): boolean => workflowInfo().continueAsNewSuggested && needToken.size === 0;
  const mayRead = (): boolean => toReread.length > 0 && !isReading() && !mustContinue();
  while (!isEmpty() || needToken.size > 0 || isReading()) {
    for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
      held.applying = event;
      const locationId = await applyEvent(agencyId, event);
      held.applying = undefined;
      if (locationId !== undefined) {
        const needed = { locationId };
        needToken.add(needed);
        unlessCancelled(obtainToken(agencyId, locationId), () => needToken.delete(needed));
      }
      if (mustContinue() && !isReading()) break;
    }
    const next = mayRead() ? toReread.shift() : undefined;
    if (next !== undefined) {
      held.reading = next;
      unlessCancelled(rereadEvent(agencyId, next), () => (held.reading = undefined));
    }
    if (mustContinue() && !isReading() && !isEmpty()) {
      await continueAsNew<typeof accountSync>({ agencyId, events: [...queue, ...toReread] });
    }
    await condition(() => queue.length > 0 || mayRead() || (!isReading() && (needToken.size === 0 || mustContinue())));
  }
}

/** Lets a step run beside; what is cancelled with the workflow stays held. */
function unlessCancelled(step: Promise<void>, done: () => void): void {
  void step.then(done, (error: unknown) => {
    if (!isCancellation(error)) throw error;
  });
}

/** Puts what was held before an operator, by whose redrive the next run has it; and what is told meanwhile. */
async function handBack(agencyId: string, held: Held): Promise<void> {
  const { queue, toReread, applying, reading, needToken } = held;
  const cause = CANCELLED;
  if (applying) queue.unshift(applying);
  if (reading) toReread.unshift(reading);
  for (const { locationId } of needToken)
    await putBeforeOperator(() => accounts.recordInstallFailure({ agencyId, locationId, cause }));
  while (queue.length > 0 || toReread.length > 0) {
    const event = queue.shift();
    if (event) await putBeforeOperator(() => accounts.recordEventFailure({ agencyId, event, cause }));
    const unread = toReread.shift();
    if (unread) await putBeforeOperator(() => accounts.recordRereadFailure({ agencyId, event: unread, cause }));
  }
}

/** @returns the location that needs a token now */
async function applyEvent(agencyId: string, event: AccountEvent): Promise<string | undefined> {
  try {
    const { needsToken, locationId } = await accounts.applyAccountEvent({ agencyId, event });
    return needsToken && locationId !== null ? locationId : undefined;
  } catch (error) {
    if (!isStepFailure(error)) throw error;
    const cause = failureCode(error);
    await putBeforeOperator(() => accounts.recordEventFailure({ agencyId, event, cause }));
    return undefined;
  }
}

async function rereadEvent(agencyId: string, event: AccountEvent): Promise<void> {
  try {
    await accountsGhl.rereadEvent({ agencyId, event });
  } catch (error) {
    if (!isStepFailure(error)) throw error;
    const cause = failureCode(error);
    await putBeforeOperator(() => accounts.recordRereadFailure({ agencyId, event, cause }));
  }
}
