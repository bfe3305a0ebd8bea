import type { Simulation } from '../../simulation.ts';
import type { DeliveryState } from '../../webhooks/log.ts';
import { badge, section } from './parts.ts';
import type { Cell } from './parts.ts';

const shownDeliveries = 50;
const moods = {
  pending: 'middling',
  delivered: 'good',
  failed: 'bad',
  dropped: 'bad',
  refused: 'bad',
  ok: 'good',
  warned: 'middling',
  paused: 'bad',
  waiting: 'calm',
  done: 'good',
} as const;

/** The faults in force, and how often each has struck. */
export function listFaults(sim: Simulation): string {
  const nowMs = sim.clock.nowMs();
  const rows = sim.faults.list().map(({ id: _id, struck, passed: _passed, untilMs, ...what }): Cell[] => [
    Object.entries(what)
      .map(([name, value]) => `${name} ${String(value)}`)
      .join(', '),
    untilMs === null ? 'until it is cleared' : `${Math.max(0, Math.ceil((untilMs - nowMs) / 1000))} s more`,
    struck,
  ]);
  return section('Faults', ['what', 'how long', 'struck'], rows, 'Everything works.');
}

/** The steps of the scenario, where one was given. */
export function listScenario({ scenario }: Simulation): string {
  if (!scenario) return '';
  const { name, steps } = scenario.progress;
  const rows = steps.map(({ atSeconds, act, state, reason }): Cell[] => [
    `${atSeconds} s`,
    act,
    badge(state, state === 'failed' ? 'bad' : moods[state]),
    reason ?? '',
  ]);
  return section(`Scenario: ${name}`, ['at', 'act', 'state', ''], rows, 'It has no steps.');
}

/** The URLs that webhooks go to, as the breaker sees them. */
export function listUrls(sim: Simulation): string {
  const rows = sim.urlBreaker
    .list()
    .map(({ url, state, attempts, succeeded }): Cell[] => [
      url,
      badge(state, moods[state]),
      attempts,
      attempts === 0 ? '' : `${((succeeded / attempts) * 100).toFixed(1)}%`,
    ]);
  return section('Webhook URLs', ['URL', 'state', 'attempts', 'successful'], rows, 'No webhook was sent.');
}

/** The webhooks sent last, each with the answers to its attempts. */
export function listDeliveries(sim: Simulation): string {
  const rows = sim.deliveryLog
    .list({ limit: shownDeliveries })
    .map(({ type, state, attempts, webhookId }): Cell[] => [
      type,
      badge(wordOf(state), moods[state]),
      attempts.map(({ status }) => status ?? 'no answer').join(', '),
      attempts.at(-1)?.at.slice(11, 19) ?? '',
      webhookId,
    ]);
  return section(
    'Webhook deliveries',
    ['event', 'state', 'answers', 'last', 'webhook id'],
    rows,
    'No webhook was sent.',
  );
}

function wordOf(state: DeliveryState): string {
  return state === 'refused' ? 'URL paused' : state;
}
