import { CancelledFailure, Context, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { NoResultError } from 'kysely';
import { ZodError } from 'zod';
import { UnknownKeyVersionError } from '../crypto/key-ring.ts';
import { UnsealError } from '../crypto/seal.ts';
import { isStorageAway } from '../db/storage-away.ts';
import { RoutingConfigurationError } from '../domain/routing.ts';

/** What no amount of waiting mends: the data, the settings or the code must change first. */
const FINAL_ERRORS = [
  RoutingConfigurationError,
  UnsealError,
  NoResultError,
  ZodError,
  TypeError,
  RangeError,
  ReferenceError,
  SyntaxError,
];
/** SQLSTATE classes: not supported, cardinality, data, integrity, syntax or access rule, check option. */
const FINAL_SQLSTATES = /^(0A|21|22|23|42|44)/;
/** SQLSTATEs of an absence or a collision: connection, resources, operator's act, system, rollback, lock, read-only server. */
const TRANSIENT_SQLSTATES = /^(08|53|57|58|40|55P03|25006)/;
export type StoreFailureKind = 'transient' | 'final' | 'unforeseen';

/** How a database step failed: its kind and a stable code without data. */
export function judgeStoreError(error: unknown): { kind: StoreFailureKind; code: string } {
  if (!(error instanceof Error)) return { kind: 'unforeseen', code: 'Unknown' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // Only what Postgres itself says has a severity; Node's codes can look like an SQLSTATE (EPIPE).
  if ('severity' in error && code !== undefined) {
    const kind = FINAL_SQLSTATES.test(code) ? 'final' : TRANSIENT_SQLSTATES.test(code) ? 'transient' : 'unforeseen';
    return { kind, code: `Postgres${code}` };
  }
  if (isStorageAway(error)) return { kind: 'transient', code: code ?? 'PostgresAway' };
  const kind = FINAL_ERRORS.some((each) => error instanceof each) ? 'final' : 'unforeseen';
  // Kysely's errors have only the name of their class.
  const name = error.name === 'Error' ? error.constructor.name : error.name;
  return { kind, code: code !== undefined && /^[\w-]{1,60}$/.test(code) ? code : name };
}

/**
 * Says to Temporal what an error of a step means that no layer below has named. What never heals ends the step; an
 * absence is retried. An error that nobody foresaw is retried as well, with an alert in the log: a step that is retried
 * in vain can be mended and goes on, one that was ended in vain has lost its turn. The message is ours alone and the
 * stack keeps only its frames, because what Postgres and parsers say quotes values.
 */
export function toStoreFailure(error: unknown): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  const { kind, code } = judgeStoreError(error);
  if (kind === 'unforeseen') {
    const { activityType, attempt } = Context.current().info;
    log.error('a step fails for a reason nobody foresaw', { alert: 'step-unforeseen', activityType, attempt, code });
  }
  const failure = ApplicationFailure.create({
    type: code,
    // Which key is missing is a number, and what the operator needs.
    message: `a step failed: ${error instanceof UnknownKeyVersionError ? error.message : code}`,
    nonRetryable: kind === 'final',
  });
  const frames = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : [];
  failure.stack = [`${failure.name}: ${failure.message}`, ...frames].join('\n');
  return failure;
}

/** All activities of a factory with their errors mapped: none is forgotten, and none says more than it may. */
export function mapStoreFailures<T extends Record<string, (args: never) => Promise<unknown>>>(activities: T): T {
  const mapped = Object.entries(activities).map(([name, activity]) => [
    name,
    async (args: never): Promise<unknown> => {
      try {
        return await activity(args);
      } catch (error) {
        throw toStoreFailure(error);
      }
    },
  ]);
  return Object.fromEntries(mapped) as T;
}
