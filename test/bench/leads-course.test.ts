import { expect, it } from 'vitest';
import { followCourse } from '../../bench/leads/course.ts';

const at = (ms: number) => ({ seconds: Math.floor(ms / 1_000) as never, nanos: (ms % 1_000) * 1e6 });
const step = (id: number, name: string, [asked, begun, done]: [number, number, number]) => [
  { eventId: id as never, eventTime: at(asked), activityTaskScheduledEventAttributes: { activityType: { name } } },
  { eventTime: at(begun), activityTaskStartedEventAttributes: { scheduledEventId: id as never } },
  { eventTime: at(done), activityTaskCompletedEventAttributes: { scheduledEventId: id as never } },
];

it('cuts a lead’s way into stretches that follow each other, up to the step that assigns it', () => {
  const events = [
    { eventTime: at(1_010), workflowExecutionStartedEventAttributes: {} },
    { eventTime: at(1_020), workflowTaskScheduledEventAttributes: {} },
    ...step(3, 'routeLead', [1_050, 1_060, 1_100]),
    ...step(6, 'confirmAssignment', [1_130, 1_130, 1_140]),
    ...step(9, 'notifyRep', [1_200, 1_210, 1_300]),
  ];
  const { stretches, events: count } = followCourse(events, 1_000);
  expect(stretches.map(({ what, ms }) => [what, ms])).toEqual([
    ['receipt to start', 10],
    ['decide routeLead', 40],
    ['queue routeLead', 10],
    ['do routeLead', 40],
    ['decide confirmAssignment', 30],
    ['queue confirmAssignment', 0],
    ['do confirmAssignment', 10],
  ]);
  expect(count).toBe(8);
});

it('counts a step within a workflow task as asked for by it, and done in the time that it took', () => {
  const mark = {
    activity_type: 'routeLead',
    original_schedule_time: at(1_035),
    complete_time: at(1_060),
  };
  const data = { payloads: [{ data: Buffer.from(JSON.stringify(mark)) }] };
  const events = [
    { eventTime: at(1_010), workflowExecutionStartedEventAttributes: {} },
    { eventTime: at(1_020), workflowTaskStartedEventAttributes: {} },
    { eventTime: at(1_080), markerRecordedEventAttributes: { markerName: 'core_patch' } },
    { eventTime: at(1_080), markerRecordedEventAttributes: { markerName: 'core_local_activity', details: { data } } },
    ...step(5, 'assignLead', [1_080, 1_095, 1_150]),
  ];
  const { stretches, events: count } = followCourse(events, 1_000);
  expect(stretches.map(({ what, ms }) => [what, ms])).toEqual([
    ['receipt to start', 10],
    ['decide routeLead', 25],
    ['do routeLead', 40],
    ['decide assignLead', 5],
    ['queue assignLead', 15],
    ['do assignLead', 55],
  ]);
  expect(count).toBe(7);
});
