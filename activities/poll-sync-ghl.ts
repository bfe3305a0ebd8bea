import { PassMovedError } from './poll-round.ts';
import { pollDelta } from './poll-delta.ts';
import { pollSweep } from './poll-sweep.ts';
import { type PageOutcome, type PassArgs, type PollDeps, takeTurn } from './poll-turn.ts';
import { talkingToGhl } from './ghl-step.ts';
import { mapStoreFailures } from './store-failure.ts';

/** The step of polling that talks to GHL. */
export function createPollGhlActivities(deps: PollDeps) {
  /**
   * Takes one page of a pass: asks GHL, writes what differs, and keeps its place, so that whatever ends it, the next
   * attempt goes on there. Repeatable: what was written is found unchanged. A page of contacts may be as many reads, so
   * an attempt that has to wait for GHL leaves what it has read behind it.
   * @throws ApplicationFailure of GHL
   */
  async function pollPage(args: PassArgs): Promise<PageOutcome> {
    const turn = await takeTurn(deps, args);
    if (!turn) return { isDone: true };
    try {
      return await talkingToGhl(() => (args.kind === 'delta' ? pollDelta(turn) : pollSweep(turn)));
    } catch (error) {
      if (error instanceof PassMovedError) return { isDone: false };
      throw error;
    }
  }

  return mapStoreFailures({ pollPage });
}

export type PollGhlActivities = ReturnType<typeof createPollGhlActivities>;
