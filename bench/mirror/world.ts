import { v7 as uuidv7 } from 'uuid';
import { createApiKey } from '../../crypto/api-key.ts';
import { createApiKey as storeApiKey } from '../../db/api-keys.ts';
import { withScope } from '../../db/scope.ts';
import { type AgencyPlan, ghlIds } from '../../scripts/demo/agency-plan.ts';
import { plantAgency } from '../../scripts/demo/plant-agency.ts';
import type { ControlClient } from '../../simulator/control-client.ts';
import { PROOF_APP, type ProofStack } from './stack.ts';
import type { TimeScale } from './time-scale.ts';

/** How much of everything there is at the start. */
export interface ProofSize {
  locations: number;
  /** In each location. */
  contacts: number;
  /** In all, an equal number for each contact: SMS, e-mails and calls. */
  messages: number;
}

/** A location by our id and by GHL's. */
export interface ProofLocation {
  id: string;
  ghlId: string;
}

export interface ProofWorld {
  agencyId: string;
  /** Of the agency; sees all its locations. */
  apiKey: string;
  locations: ProofLocation[];
  /** The one whose new contacts are leads. */
  intake: ProofLocation;
}

const KEY = 'proof';
/** Of so many contacts one has an opportunity, and one an appointment. */
const CONTACTS_AN_OPPORTUNITY = 10;
const CONTACTS_AN_APPOINTMENT = 20;
const DAY_MS = 86_400_000;

/** One live intake account, and places for its leads; keys have a letter where names are looked for in logs. */
const planOf = (count: number): AgencyPlan => ({
  key: KEY,
  name: 'Proof',
  locations: Array.from({ length: count }, (_, index) => ({
    key: index === 0 ? 'master' : `place-${index}`,
    kind: index === 0 ? ('master' as const) : ('location' as const),
    parentKey: index === 0 ? null : 'master',
    name: `Place ${index}`,
    postcode: index === 0 ? '10001' : '02116',
    pipeline: true,
    reps: ['a', 'b'].map((letter) => ({
      key: `rep-${index}-${letter}`,
      firstName: `Jory${letter}`,
      lastName: 'Quistgaard',
    })),
  })),
});

/** Makes GHL's side and ours, connected; the simulator lags, limits and mangles webhooks from now on. */
export async function plantWorld(stack: ProofStack, size: ProofSize, time: TimeScale): Promise<ProofWorld> {
  const { simulator, db, keys } = stack;
  const plan = planOf(size.locations);
  const soil = { db, keys, simulator, app: PROOF_APP, webhookUrl: `${stack.apiUrl}/webhooks/ghl` };
  const { agencyId, locations: planted } = await plantAgency(plan, soil);
  const locations = plan.locations.map(({ key }) => ({ id: planted.get(key)!, ghlId: ghlIds.location(KEY, key) }));
  await simulator.setBehaviour({ searchLagMs: time.searchLagMs, searchLagJitterMs: time.searchLagJitterMs });
  for (const [index, { ghlId }] of locations.entries()) {
    await simulator.changeLocation(ghlId, { rateLimit: { intervalMs: time.rateWindowMs } });
    await fill(simulator, ghlId, size, { pipelineId: ghlIds.pipeline(KEY, plan.locations[index]!.key), index });
  }
  const { key: apiKey, hash } = createApiKey();
  const stored = { id: uuidv7(), agencyId, locationId: null, role: 'agency' as const, name: 'proof' };
  await withScope(db, { agencyId }, (tx) => storeApiKey(tx, { ...stored, hash, expiresAt: null }));
  return { agencyId, apiKey, locations, intake: locations[0]! };
}

/** Customers of years with their messages are made up by the simulator itself; the rest is laid out here. */
async function fill(
  simulator: ControlClient,
  locationId: string,
  { contacts, messages, locations }: ProofSize,
  { pipelineId, index }: { pipelineId: string; index: number },
): Promise<void> {
  const messagesPerContact = Math.round(messages / (contacts * locations));
  await simulator.seed({ generated: [{ locationId, contacts, messagesPerContact }] });
  const people = await simulator.listAllContacts(locationId);
  const some = (each: number) => people.filter((_, at) => at % each === 0);
  const calendarId = `${locationId}-calendar`;
  await simulator.seed({
    calendars: [{ id: calendarId, locationId, name: 'Visits' }],
    customFields: ['Size', 'Since'].map((name) => ({
      ...{ id: `${locationId}-field-${name}`, locationId, name, fieldKey: `contact.${name.toLowerCase()}` },
      dataType: 'TEXT' as const,
    })),
    opportunities: some(CONTACTS_AN_OPPORTUNITY).map(({ id: contactId }, at) => ({
      ...{ id: `${locationId}-deal-${at}`, locationId, contactId, pipelineId, name: `Deal ${at}`, monetaryValue: at },
      createdAt: new Date(Date.UTC(2025, 0, 1) + at * 60_000).toISOString(),
      updatedAt: new Date(Date.UTC(2025, 6, 1) + at * 60_000).toISOString(),
    })),
    appointments: some(CONTACTS_AN_APPOINTMENT).map(({ id: contactId }, at) => {
      const startMs = Date.now() + (1 + ((at + index) % 60)) * DAY_MS;
      return {
        ...{ id: `${locationId}-visit-${at}`, locationId, calendarId, contactId },
        startTime: new Date(startMs).toISOString(),
        endTime: new Date(startMs + 1_800_000).toISOString(),
        dateAdded: '2025-01-01T00:00:00.000Z',
        dateUpdated: '2025-01-01T00:00:00.000Z',
      };
    }),
  });
}
