import { condition, continueAsNew, setHandler, workflowInfo } from '@temporalio/workflow';
import type { AccountEvent } from '../domain/account-event.ts';
import { accounts, accountsGhl, obtainToken } from './account-steps.ts';
import { accountEventSignal } from './account-sync-messages.ts';
import { failureCode, isStepFailure, putBeforeOperator } from './step-failure.ts';

export interface AccountSyncInput {
  agencyId: string;
  /** What an earlier run had not yet done. */
  events?: AccountEvent[];
}

/**
 * Keeps an account's installs and users in step with GHL, one event after the other, and ends when it has done all.
 * An event that cannot be applied is a dead letter and keeps none behind it back; neither does a token that is waited
 * for. Events that do not tell enough are read from GHL in a row of their own, one at a time, so that a storm of them
 * spends the location's budget slowly and holds no install up.
 */
export async function accountSync(input: AccountSyncInput): Promise<void> {
  const { agencyId } = input;
  const queue: AccountEvent[] = [];
  const toReread: AccountEvent[] = [];
  const take = (event: AccountEvent): void => {
    (event.needsReread === true ? toReread : queue).push(event);
  };
  for (const event of input.events ?? []) take(event);
  let tokensPending = 0;
  let isReading = false;
  setHandler(accountEventSignal, take);
  const isEmpty = (): boolean => queue.length === 0 && toReread.length === 0;
  // Started by a signal: the first event is here, or arrives with the next task.
  if (isEmpty()) await condition(() => !isEmpty(), '10 seconds');

  const mustContinue = (): boolean => workflowInfo().continueAsNewSuggested && tokensPending === 0;
  const mayRead = (): boolean => toReread.length > 0 && !isReading && !mustContinue();
  while (!isEmpty() || tokensPending > 0 || isReading) {
    for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
      const locationId = await applyEvent(agencyId, event);
      if (locationId !== undefined) {
        tokensPending += 1;
        void obtainToken(agencyId, locationId).finally(() => (tokensPending -= 1));
      }
      if (mustContinue() && !isReading) break;
    }
    const next = mayRead() ? toReread.shift() : undefined;
    if (next !== undefined) {
      isReading = true;
      void rereadEvent(agencyId, next).finally(() => (isReading = false));
    }
    if (mustContinue() && !isReading && !isEmpty()) {
      await continueAsNew<typeof accountSync>({ agencyId, events: [...queue, ...toReread] });
    }
    await condition(() => queue.length > 0 || mayRead() || (!isReading && (tokensPending === 0 || mustContinue())));
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
