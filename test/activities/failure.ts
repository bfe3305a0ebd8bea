import { ApplicationFailure } from '@temporalio/common';

/** What Temporal is told when an activity fails. @throws what is no ApplicationFailure, and when nothing fails */
export async function failureOf(step: Promise<unknown>): Promise<ApplicationFailure> {
  try {
    await step;
  } catch (error) {
    if (error instanceof ApplicationFailure) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
