import { isGrpcServiceError, ServiceError } from '@temporalio/client';

/** gRPC's CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL and UNAVAILABLE: ask again. The rest is a refusal. */
const ABSENCE_CODES: readonly unknown[] = [1, 4, 8, 10, 13, 14];

/** Whether an error of the client says that Temporal is away, and not that it refused. */
export const isAbsence = (error: unknown): boolean => {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) ? ABSENCE_CODES.includes(cause.code) : error instanceof ServiceError;
};

/** Temporal did not answer in time. What was asked may have been done: ids are deterministic, so ask again. */
export class TemporalUnavailableError extends Error {
  readonly code = 'TemporalUnavailable';
  constructor(cause: unknown) {
    super('Temporal does not answer', { cause });
    this.name = 'TemporalUnavailableError';
  }
}

/** The lead's workflow refused what was asked; `code` is the reason. */
export class LeadRefusedError extends Error {
  readonly code: string;
  constructor(code: string) {
    super(`the lead refuses: ${code}`);
    this.name = 'LeadRefusedError';
    this.code = code;
  }
}

/** The lead's workflow has taken up what was asked and goes on with it, however long GHL stays away: the answer comes later. */
export class LeadPendingError extends Error {
  readonly code = 'pending';
  constructor() {
    super('the lead’s workflow is still at it');
    this.name = 'LeadPendingError';
  }
}

/** The lead has no running workflow: it is over, was never started, or ended by force or failure; `leadFate` tells. */
export class LeadOverError extends Error {
  readonly code = 'lead-closed';
  constructor() {
    super('the lead has no running workflow');
    this.name = 'LeadOverError';
  }
}
