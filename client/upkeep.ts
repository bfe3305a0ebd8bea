import { type Client, ScheduleOverlapPolicy } from '@temporalio/client';
import type { upkeep } from '../workflows/index.ts';
import type { UpkeepReport } from '../workflows/upkeep.ts';
import { ensureSchedule, SCHEDULE_DEADLINE_MS, START_DEADLINE_MS, type Within } from './schedules.ts';
import { CAPABILITY } from './search-attributes.ts';

/** The one schedule of upkeep, and what its workflows' ids begin with. */
export const UPKEEP_SCHEDULE_ID = 'upkeep';
/** Whoever asks for a run while one is asked for waits for that. */
const BY_HAND_ID = 'upkeep-by-hand';

const EVERY_MS = 6 * 3_600_000;
/** A run that Temporal missed is made up for, once. */
const CATCH_UP_MS = EVERY_MS;

const START = {
  workflowType: 'upkeep' as const,
  taskQueue: 'bulk',
  staticSummary: 'Makes months ahead, and does away with what is past its time',
  typedSearchAttributes: [{ key: CAPABILITY, value: 'upkeep' }],
};

/** Makes the schedule of upkeep, which begins with a run, or brings the one that is there to what this code says. Safe to repeat. */
async function ensureUpkeepSchedule(client: Client, everyMs = EVERY_MS): Promise<void> {
  await ensureSchedule(
    client,
    UPKEEP_SCHEDULE_ID,
    {
      spec: { intervals: [{ every: everyMs }] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCH_UP_MS },
      action: { type: 'startWorkflow', workflowId: UPKEEP_SCHEDULE_ID, args: [], ...START },
    },
    { atOnce: true },
  );
}

/** Starts a run now, or joins the one that was asked for. @returns what waits for its end */
async function startUpkeep(client: Client): Promise<{ result: () => Promise<UpkeepReport> }> {
  const { workflowType, ...start } = START;
  const handle = await client.workflow.start<typeof upkeep>(workflowType, {
    workflowId: BY_HAND_ID,
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [],
    ...start,
  });
  return { result: () => handle.result() };
}

/** What is asked of upkeep. @param within does a call within a deadline, and says when Temporal is away */
export const createUpkeepClient = (client: Client, within: Within) => ({
  /** Makes or updates the schedule of upkeep. @throws TemporalUnavailableError */
  ensureUpkeepSchedule: (everyMs?: number): Promise<void> =>
    within(SCHEDULE_DEADLINE_MS, () => ensureUpkeepSchedule(client, everyMs)),

  /** Starts upkeep now, or joins a run that was asked for. @returns what waits for its end @throws TemporalUnavailableError */
  startUpkeep: () => within(START_DEADLINE_MS, () => startUpkeep(client)),
});
