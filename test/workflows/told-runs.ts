import type { TestSystem } from '../stack/system.ts';

/** What one run of a workflow was started with, was told by signals and gave to its activities, each in order. */
export interface ToldRun {
  input: unknown;
  signals: unknown[];
  activities: { name: string; input: unknown }[];
  endedAs: 'completed' | 'continued' | 'otherwise';
}

type Payloads = Parameters<
  TestSystem['client']['temporal']['options']['loadedDataConverter']['payloadCodecs'][number]['decode']
>[0];

/** Every run of a workflow that is in Temporal's list, the earliest first, by its decrypted history. */
export async function readRuns({ client: { temporal } }: TestSystem, workflowId: string): Promise<ToldRun[]> {
  const listed = [];
  for await (const each of temporal.workflow.list({ query: `WorkflowId = '${workflowId}'` })) listed.push(each);
  listed.sort((a, b) => Number(a.startTime) - Number(b.startTime));
  return Promise.all(listed.map(({ runId }) => readRun(runId)));

  async function readRun(runId: string): Promise<ToldRun> {
    const { events } = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    const run: ToldRun = { input: undefined, signals: [], activities: [], endedAs: 'otherwise' };
    for (const event of events ?? []) {
      const { workflowExecutionStartedEventAttributes: started, activityTaskScheduledEventAttributes: step } = event;
      const signal = event.workflowExecutionSignaledEventAttributes;
      if (started) run.input = await decode(started.input?.payloads);
      if (signal) run.signals.push(await decode(signal.input?.payloads));
      if (step) run.activities.push({ name: step.activityType?.name ?? '', input: await decode(step.input?.payloads) });
      if (event.workflowExecutionCompletedEventAttributes) run.endedAs = 'completed';
      if (event.workflowExecutionContinuedAsNewEventAttributes) run.endedAs = 'continued';
    }
    return run;
  }

  async function decode(payloads: Payloads | null | undefined): Promise<unknown> {
    const [first] = (await temporal.options.loadedDataConverter.payloadCodecs[0]?.decode(payloads ?? [])) ?? [];
    return first?.data ? JSON.parse(Buffer.from(first.data).toString()) : undefined;
  }
}
