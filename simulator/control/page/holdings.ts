import { nameOf } from '../../resources/contact-view.ts';
import type { Simulation } from '../../simulation.ts';
import { badge, gauge, section } from './parts.ts';
import type { Cell } from './parts.ts';

const shownContacts = 50;
const shownMessages = 50;

/** The agencies with their locations, and what each holds. */
export function listLocations({ world }: Simulation): string {
  const installs = [...world.installs.values()];
  const ordered = [...world.locations.values()].sort((a, b) => a.companyId.localeCompare(b.companyId));
  const rows = ordered.map(({ id, name, companyId, active }): Cell[] => [
    world.companies.get(companyId)?.name ?? companyId,
    name,
    active ? badge('active', 'good') : badge('suspended', 'bad'),
    installs.some((install) => install.locationId === id) ? badge('installed', 'calm') : '',
    world.contacts.count(id),
    id,
  ]);
  const heads = ['agency', 'location', 'state', 'app', 'contacts', 'id'];
  return section('Agencies and locations', heads, rows, 'Nothing is seeded yet.');
}

/** The contacts that came last. */
export function listContacts({ world }: Simulation): string {
  const rows = world.contacts
    .list()
    .sort((a, b) => b.dateAdded.localeCompare(a.dateAdded))
    .slice(0, shownContacts)
    .map((contact): Cell[] => [
      contact.dateAdded.slice(11, 19),
      nameOf(contact),
      world.locations.get(contact.locationId)?.name ?? contact.locationId,
      world.users.get(contact.assignedTo ?? '')?.firstName ?? '',
      contact.tags.join(', '),
      countOf(world.notes, contact.id),
      countOf(world.tasks, contact.id),
      countOf(world.opportunities, contact.id),
    ]);
  const heads = ['added', 'name', 'location', 'assigned to', 'tags', 'notes', 'tasks', 'opportunities'];
  return section('Newest contacts', heads, rows, 'There are no contacts.');
}

/** The messages that came last; of an e-mail only its subject. */
export function listMessages({ world }: Simulation): string {
  const rows = [...world.messages.values()]
    .sort((a, b) => b.dateAdded.localeCompare(a.dateAdded))
    .slice(0, shownMessages)
    .map((message): Cell[] => {
      const contact = world.contacts.find(message.contactId);
      const isBad = ['failed', 'undelivered', 'opt_out'].includes(message.status);
      return [
        message.dateAdded.slice(11, 19),
        message.direction === 'inbound' ? 'from' : 'to',
        contact ? nameOf(contact) : message.contactId,
        message.messageType.replace('TYPE_', '').toLowerCase(),
        badge(message.status, isBad ? 'bad' : message.status === 'delivered' ? 'good' : 'calm'),
        message.messageType === 'TYPE_EMAIL' ? (message.email?.subject ?? '') : message.body.slice(0, 80),
      ];
    });
  return section(
    'Newest messages',
    ['at', '', 'contact', 'by', 'state', 'text'],
    rows,
    'Nothing was sent or received.',
  );
}

/** Each request bucket: what is left of it, and the most that any window saw. */
export function listBudgets(sim: Simulation): string {
  const { locations, companies, apps } = sim.world;
  const rows = sim.limits
    .list()
    .sort((a, b) => (b.lastAtMs ?? 0) - (a.lastAtMs ?? 0))
    .map((use): Cell[] => [
      locations.get(use.resource)?.name ?? companies.get(use.resource)?.name ?? use.resource,
      use.caller === 'pit' ? 'private tokens' : (apps.get(use.caller)?.name ?? use.caller),
      use.refused === 0 ? 0 : badge(String(use.refused), 'bad'),
      sim.behaviour.rateWindow === 'fixed' ? use.highestInFixedWindow : use.highestInSlidingWindow,
      gauge(Math.max(0, use.remaining), use.limit.max),
      gauge(Math.max(0, use.dailyRemaining), use.limit.daily),
    ]);
  const heads = ['of', 'caller', 'refused', 'most at once', 'left of the window', 'left of the day'];
  return section('Budgets', heads, rows, 'Nobody has called yet.');
}

function countOf(records: Map<string, { contactId: string }>, contactId: string): number {
  let count = 0;
  for (const record of records.values()) if (record.contactId === contactId) count += 1;
  return count;
}
