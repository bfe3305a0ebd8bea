import type { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import type { WorkerMetrics } from './metrics.ts';

/** Code words as this code and Node's errors use them; anything else could come from outside. */
const CODE_WORD = /^[A-Za-z][\w.-]{0,60}$/;

/** Counts the attempts of an activity that fail, with the code they fail with. */
export const countFailures =
  ({ activityFailures }: Pick<WorkerMetrics, 'activityFailures'>) =>
  (context: Context): ActivityInboundCallsInterceptor => ({
    async execute(input, next) {
      try {
        return await next(input);
      } catch (error) {
        const { code, final } = describeFailure(error);
        activityFailures.inc({ activity: context.info.activityType, failure: code, final: String(final) });
        throw error;
      }
    },
  });

function describeFailure(error: unknown): { code: string; final: boolean } {
  const isFailure = error instanceof ApplicationFailure;
  const word = isFailure ? error.type : error instanceof Error ? error.name : undefined;
  return { code: word && CODE_WORD.test(word) ? word : 'other', final: isFailure && error.nonRetryable === true };
}
