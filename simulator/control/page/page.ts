import { escapeHtml } from '../../html.ts';
import type { Simulation } from '../../simulation.ts';
import { countStats } from '../stats.ts';
import { callChart, tile } from './parts.ts';
import { listFaults, listScenario, listUrls, listDeliveries } from './disturbances.ts';
import { listBudgets, listContacts, listLocations, listMessages } from './holdings.ts';
import { style } from './style.ts';

const refreshSeconds = 3;
const chartedSeconds = 60;

/** Returns the read-only page that shows what is in the pretended GHL and what is going on; it reloads itself. */
export function renderPage(sim: Simulation): string {
  const faults = sim.faults.list().length;
  const state = faults === 0 ? 'no fault in force' : `${faults} ${faults === 1 ? 'fault' : 'faults'} in force`;
  const movedMs = sim.clock.offsetMs();
  const moved = movedMs === 0 ? '' : `, ${(movedMs / 3_600_000).toFixed(1)} h ahead`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="${refreshSeconds}"><title>GHL simulator</title><style>${style}</style></head>
<body><header><h1>GHL simulator</h1><span>${escapeHtml(state)}</span><span>its clock: ${sim.clock.now().toISOString().slice(0, 19).replace('T', ' ')}${moved}</span></header>
<main><div class="wide tiles">${tiles(sim)}</div>
<div class="wide">${callChart(sim.calls.seconds(sim.clock.nowMs(), chartedSeconds))}</div>
${listFaults(sim)}${listScenario(sim)}${listBudgets(sim)}${listUrls(sim)}${listLocations(sim)}${listContacts(sim)}${listMessages(sim)}${listDeliveries(sim)}
</main></body></html>`;
}

function tiles(sim: Simulation): string {
  const stats = countStats(sim);
  const { delivered, pending, failed, dropped, duplicated, refused } = stats.webhooks;
  const limits = sim.limits.list();
  const refusedCalls = limits.reduce((sum, limit) => sum + limit.refused, 0);
  return [
    tile('calls a second', stats.callsPerSecond, `${stats.calls} in all`),
    tile('calls over the limit', refusedCalls, `${limits.length} budgets in use`),
    tile('webhooks delivered', delivered, `${pending} on their way`),
    tile('webhooks lost', failed + dropped + refused, `${duplicated} sent twice`),
    tile('agencies', sim.world.companies.size, `${stats.locations} locations`),
    tile('contacts', stats.contacts, `${stats.notes} notes, ${stats.tasks} tasks`),
    tile('messages', sim.world.messages.size, `${sim.world.conversations.size} conversations`),
    tile('opportunities', stats.opportunities, `${stats.users} users`),
  ].join('');
}
