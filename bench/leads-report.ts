import type { LatencyResult, LeadsResult } from './leads.ts';
import type { Spread } from './spread.ts';
import { drawTable } from './table.ts';

interface Check {
  what: string;
  passed: boolean;
}

/** Of what workflows with one empty step do on the same server, from 0 to 1. */
const LEAST_SHARE = 0.5;
const MOST_EVENTS = 40;
/** Webhook to rep, at a pace that an agency has on its busiest day. */
const LONGEST_P95_MS = 1_000;

export function checkLeads({ share, eventsToAssigned }: LeadsResult): Check[] {
  return [
    { what: `leads come to at least ${LEAST_SHARE} of the floor`, passed: share >= LEAST_SHARE },
    { what: `a lead is assigned within ${MOST_EVENTS} events`, passed: eventsToAssigned.max <= MOST_EVENTS },
  ];
}

export function checkLatency({ p95Ms }: LatencyResult): Check[] {
  return [
    { what: `95 in 100 leads have their rep within ${LONGEST_P95_MS} ms`, passed: p95Ms.median <= LONGEST_P95_MS },
  ];
}

export function describeLeads(result: LeadsResult): string[] {
  const rows: [string, Spread, number][] = [
    ['leads a second, webhook to rep', result.perSecond, 1],
    ['floor: workflows a second with one empty step', result.floorPerSecond, 1],
    ['events of a lead’s workflow to its rep', result.eventsToAssigned, 0],
    ['statements a lead, all that follows from it', result.statements, 0],
    ['transactions a lead', result.commits, 1],
    ['calls of GHL a lead', result.ghlCalls, 1],
    ...Object.entries(result.cpu).map(([part, cpu]): [string, Spread, number] => [
      `CPU ms a lead, ${part}`,
      scale(cpu),
      0,
    ]),
  ];
  const cells = rows.map(([what, { median, min, max }, digits]) => [
    what,
    median.toFixed(digits),
    `${min.toFixed(digits)} to ${max.toFixed(digits)}`,
  ]);
  return [
    ...drawTable([`${result.leads} leads a run`, 'median', 'spread'], cells),
    ...drawTable(
      ['a lead’s workflows', 'runs', 'events', 'workflow tasks', 'activities'],
      result.workflows.map(({ type, ...figures }) => [
        type,
        ...[figures.runs, figures.events, figures.workflowTasks, figures.activities].map((each) => each.toFixed(1)),
      ]),
    ),
    `share of the floor: ${result.share.toFixed(2)}`,
    ...checkLeads(result).map(describeCheck),
  ];
}

const scale = ({ median, min, max }: Spread): Spread => ({ median: median * 1e3, min: min * 1e3, max: max * 1e3 });

export function describeLatency(result: LatencyResult): string[] {
  const { p50Ms, p95Ms, p99Ms, floor } = result;
  const show = ({ median, min, max }: Spread): string =>
    `${median.toFixed(0)} (${min.toFixed(0)} to ${max.toFixed(0)})`;
  return [
    `${result.runs} runs of ${result.seconds} s, ${result.perSecond} a second: ${result.leads} leads`,
    ...drawTable(
      ['median of the runs (spread), ms', 'p50', 'p95', 'p99'],
      [
        ['a lead, webhook to rep', ...[p50Ms, p95Ms, p99Ms].map(show)],
        ['floor: a workflow to its one empty activity', ...[floor.p50Ms, floor.p95Ms].map(show), ''],
      ],
    ),
    ...drawTable(
      ['stretch of the way', 'median ms'],
      result.stretches.map(({ what, ms }) => [what, ms.toFixed(1)]),
    ),
    ...checkLatency(result).map(describeCheck),
  ];
}

const describeCheck = ({ what, passed }: Check): string => `${passed ? 'yes' : 'NO '}  ${what}`;
