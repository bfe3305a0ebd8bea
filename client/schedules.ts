import { type Client, ScheduleAlreadyRunning, ScheduleClient, type ScheduleOptions } from '@temporalio/client';

/** A start against a dead Temporal hangs for 18 s (measured) without one; a schedule may take two calls. */
export const START_DEADLINE_MS = 1_500;
export const SCHEDULE_DEADLINE_MS = 5_000;

/** Does a call within a deadline. */
export type Within = <T>(deadlineMs: number, call: () => Promise<T>) => Promise<T>;

/** A schedule that starts a workflow, as this code wants it. */
type WantedSchedule = Pick<ScheduleOptions, 'spec' | 'policies' | 'action'>;

/**
 * Makes a schedule, or brings the one that is there to what is wanted. What an operator has set, such as a pause, stays;
 * a schedule that was deleted is made anew, and runs. Safe to repeat, and to be repeated: an update that meets a change by
 * somebody else is not made. Of that the server says nothing, or fails with FAILED_PRECONDITION, by its kind of scheduler.
 * @param options.atOnce starts its workflow when it is made, too
 */
export async function ensureSchedule(
  client: Client,
  scheduleId: string,
  wanted: WantedSchedule,
  { atOnce = false } = {},
): Promise<void> {
  try {
    await client.schedule.create({ scheduleId, ...wanted, state: { triggerImmediately: atOnce } });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const handle = updatingAsDescribed(client).getHandle(scheduleId);
    await handle.update(({ state }) => ({ ...wanted, state }));
  }
}

type Service = Client['workflowService'];
type DescribeSchedule = (
  request: Parameters<Service['describeSchedule']>[0],
) => ReturnType<Service['describeSchedule']>;
type UpdateSchedule = (request: Parameters<Service['updateSchedule']>[0]) => ReturnType<Service['updateSchedule']>;

/**
 * A client whose update of a schedule holds only for the schedule as it was described just before. An update replaces the
 * state too, and the SDK leaves out the token that would tell the server so: what an operator pauses between the
 * two calls would run on. https://github.com/temporalio/sdk-typescript/issues/1967
 */
function updatingAsDescribed(client: Client): ScheduleClient {
  const { connection, workflowService: service } = client;
  const { loadedDataConverter: dataConverter, ...options } = client.schedule.options;
  let conflictToken: Uint8Array | null | undefined;
  const describeSchedule: DescribeSchedule = async (request) => {
    const described = await service.describeSchedule(request);
    ({ conflictToken } = described);
    return described;
  };
  const updateSchedule: UpdateSchedule = (request) =>
    service.updateSchedule({ ...request, ...(conflictToken && { conflictToken }) });
  const conditional = Object.assign(Object.create(service) as Service, { describeSchedule, updateSchedule });
  return new ScheduleClient({
    ...options,
    dataConverter,
    connection: Object.assign(Object.create(connection) as typeof connection, { workflowService: conditional }),
  });
}
