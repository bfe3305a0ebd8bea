import { ApplicationFailure, condition, log, setHandler } from '@temporalio/workflow';
import type { LeadChange } from '../domain/lead-change.ts';
import type { AcceptRequest, CloseRequest, LeadStanding, ReassignRequest } from '../domain/lead-messages.ts';
import { readAcceptRequest, readCloseRequest, readLeadChange, readReassignRequest } from '../domain/message-guards.ts';
import {
  acceptLeadUpdate,
  changeLeadSignal,
  closeLeadUpdate,
  reassignLeadSignal,
  reassignLeadUpdate,
} from './lead-intake-messages.ts';

/** What the lead's workflow is asked to do, in the order it came. */
export type LeadMessage =
  | { kind: 'reassign'; request: ReassignRequest }
  | { kind: 'change'; change: LeadChange }
  | { kind: 'accept'; request: AcceptRequest }
  | { kind: 'close'; request: CloseRequest };

interface Waiting {
  message: LeadMessage;
  /** Set for updates: the caller waits for the outcome. */
  settle?: { done: (standing: LeadStanding) => void; refused: (failure: unknown) => void };
}

/** The messages of one lead: signals and updates only queue up here, and the lead's loop obeys one after the other. */
export interface LeadInbox {
  /** The next message; undefined when none came in time, or when `isEnough` became true first. */
  next(timeoutMs: number, isEnough: () => boolean): Promise<Waiting | undefined>;
  /** Whether a caller in the queue waits for an answer. */
  isAsked(): boolean;
  /** The queue as data, for continue-as-new; undefined while a caller waits for an answer. */
  carry(): LeadMessage[] | undefined;
  /** Refuses everybody who still waits. */
  close(failure: ApplicationFailure): void;
}

const refuse = (code: string): never => {
  throw ApplicationFailure.nonRetryable(`refused: ${code}`, code);
};

/** Takes the handlers up before the first await, so that no early message is missed. */
export function openLeadInbox(carried: LeadMessage[], standing: () => LeadStanding): LeadInbox {
  const queue: Waiting[] = carried.map((message) => ({ message }));
  const ask = (message: LeadMessage): Promise<LeadStanding> =>
    new Promise((done, refused) => queue.push({ message, settle: { done, refused } }));
  const mustBeOpen = (): void => {
    if (standing().status === 'closed') refuse('lead-closed');
  };

  setHandler(reassignLeadSignal, (value) => {
    // One that names no rep is refused by the activity, and so is on record.
    const request = readReassignRequest(value) ?? { repId: '' };
    queue.push({ message: { kind: 'reassign', request: { ...request, actor: 'signal' } } });
  });
  setHandler(changeLeadSignal, (value) => {
    const change = readLeadChange(value);
    if (change) queue.push({ message: { kind: 'change', change } });
    else log.warn('a change of no known shape was left out');
  });
  setHandler(
    reassignLeadUpdate,
    (value) => ask({ kind: 'reassign', request: readReassignRequest(value) ?? { repId: '' } }),
    {
      validator: (value) => {
        mustBeOpen();
        const request = readReassignRequest(value);
        if (request === undefined) refuse('unknown-rep');
        else if (request.repId === standing().repId) refuse('same-rep');
      },
    },
  );
  setHandler(acceptLeadUpdate, (value) => ask({ kind: 'accept', request: readAcceptRequest(value) }), {
    validator: (_value) => {
      mustBeOpen();
      if (standing().status === 'queued') refuse('lead-has-no-rep');
    },
  });
  setHandler(
    closeLeadUpdate,
    (value) => {
      const request = readCloseRequest(value);
      return request ? ask({ kind: 'close', request }) : refuse('unknown-outcome');
    },
    {
      validator: (value) => {
        mustBeOpen();
        if (readCloseRequest(value) === undefined) refuse('unknown-outcome');
      },
    },
  );

  const isAsked = (): boolean => queue.some((waiting) => waiting.settle);
  return {
    async next(timeoutMs, isEnough) {
      if (queue.length === 0) await condition(() => queue.length > 0 || isEnough(), timeoutMs);
      return queue.shift();
    },
    isAsked,
    carry: () => (isAsked() ? undefined : queue.map((waiting) => waiting.message)),
    close(failure) {
      for (const waiting of queue.splice(0)) waiting.settle?.refused(failure);
    },
  };
}
