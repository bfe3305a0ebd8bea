import { escapeHtml } from '../html.ts';
import { nameOf } from '../resources/contact-view.ts';
import type { Simulation } from '../simulation.ts';
import { countStats } from './stats.ts';

const shownContacts = 50;

/** Returns the read-only page that shows what is in the pretended GHL and what is going on. */
export function renderPage(sim: Simulation): string {
  const { world } = sim;
  const stats = countStats(sim);
  const locations = [...world.locations.values()].map((location) => [
    location.name,
    location.id,
    location.active ? 'active' : 'suspended',
    String(world.contacts.listByLocation(location.id).length),
  ]);
  const newest = world.contacts
    .list()
    .sort((a, b) => b.dateAdded.localeCompare(a.dateAdded))
    .slice(0, shownContacts);
  const contacts = newest.map((contact) => [
    nameOf(contact),
    world.locations.get(contact.locationId)?.name ?? contact.locationId,
    world.users.get(contact.assignedTo ?? '')?.firstName ?? '',
    contact.tags.join(', '),
    String(countOf(world.notes, contact.id)),
    String(countOf(world.tasks, contact.id)),
  ]);
  const faults = sim.faults.list().map(({ id, struck, ...fault }) => [id, JSON.stringify(fault), String(struck)]);
  const { pending, delivered, failed, dropped } = stats.webhooks;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5"><title>GHL simulator</title>
<style>body{font:14px system-ui;margin:2rem}table{border-collapse:collapse;margin:0 0 2rem}td,th{padding:.2rem .8rem .2rem 0;text-align:left}</style>
</head><body><h1>GHL simulator</h1>
<p>${stats.calls} calls, ${stats.callsPerSecond} a second over the last ten; webhooks: ${delivered} delivered, ${pending} pending, ${failed} failed, ${dropped} dropped.</p>
${table('Faults', ['id', 'fault', 'struck'], faults)}
${table('Locations', ['name', 'id', 'state', 'contacts'], locations)}
${table('Newest contacts', ['name', 'location', 'assigned to', 'tags', 'notes', 'tasks'], contacts)}
</body></html>`;
}

function table(title: string, heads: string[], rows: string[][]): string {
  const line = (cells: string[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  return `<h2>${escapeHtml(title)}</h2><table>${line(heads, 'th')}${rows.map((row) => line(row, 'td')).join('')}</table>`;
}

function countOf(records: Map<string, { contactId: string }>, contactId: string): number {
  let count = 0;
  for (const record of records.values()) if (record.contactId === contactId) count += 1;
  return count;
}
