import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import type { LeadChange } from '../domain/lead-change.ts';
import type { AcceptRequest, CloseRequest, LeadStanding, ReassignRequest } from '../domain/lead-messages.ts';
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
  next(timeoutMs: number): Promise<Waiting | undefined>;
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

  setHandler(reassignLeadSignal, (request) => {
    queue.push({ message: { kind: 'reassign', request: { ...request, actor: 'signal' } } });
  });
  setHandler(changeLeadSignal, (change) => {
    queue.push({ message: { kind: 'change', change } });
  });
  setHandler(reassignLeadUpdate, (request) => ask({ kind: 'reassign', request }), {
    validator: (request) => {
      mustBeOpen();
      // Whoever can reach Temporal can send anything.
      const repId: unknown = (request as Partial<ReassignRequest> | null)?.repId;
      if (typeof repId !== 'string') refuse('unknown-rep');
      if (repId === standing().repId) refuse('same-rep');
    },
  });
  setHandler(acceptLeadUpdate, (request) => ask({ kind: 'accept', request }), {
    validator: (_request) => {
      mustBeOpen();
      if (standing().status === 'queued') refuse('lead-has-no-rep');
    },
  });
  setHandler(closeLeadUpdate, (request) => ask({ kind: 'close', request }), {
    validator: (_request) => mustBeOpen(),
  });

  return {
    async next(timeoutMs) {
      if (queue.length === 0) await condition(() => queue.length > 0, timeoutMs);
      return queue.shift();
    },
    carry: () => (queue.some((waiting) => waiting.settle) ? undefined : queue.map((waiting) => waiting.message)),
    close(failure) {
      for (const waiting of queue.splice(0)) waiting.settle?.refused(failure);
    },
  };
}
