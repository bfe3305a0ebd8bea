import type { RequestHandler } from 'express';
import { ProblemError } from './problem.ts';

/** Whether the process is about to end and takes nothing in any more. */
export interface Drain {
  readonly isDraining: boolean;
  begin(): void;
  /** Answers 429 while draining: GHL delivers again, and a client tries the next process. */
  guard: RequestHandler;
}

export function createDrain(): Drain {
  let isDraining = false;
  return {
    get isDraining() {
      return isDraining;
    },
    begin() {
      isDraining = true;
    },
    guard: (_req, res, next) => {
      if (!isDraining) {
        next();
        return;
      }
      res.set('Connection', 'close');
      throw new ProblemError(429, 'draining', { retryAfterSeconds: 5 });
    },
  };
}
