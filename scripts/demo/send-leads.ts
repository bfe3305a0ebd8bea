import type { ControlClient } from '../../simulator/control-client.ts';
import { ghlIds } from './agency-plan.ts';
import type { GrownAgency } from './demo-memory.ts';
import { postJson } from './http.ts';
import { strangers } from './grow-agency.ts';
import type { SampleLead } from './sample-lead.ts';

/** A sample lead on its way, by what it can be found again. */
export interface SentLead {
  sample: SampleLead;
  /** Its contact in the account it came in by. */
  contactId: string | null;
  /** Our id, where the door tells it. */
  leadId: string | null;
  /** Why it could not be sent. */
  failure?: string;
}

interface Sender {
  apiUrl: string;
  simulator: ControlClient;
  agency: GrownAgency;
}

/** Sends leads at the same moment. */
export const sendTogether = (sender: Sender, leads: readonly SampleLead[]): Promise<SentLead[]> =>
  Promise.all(leads.map((lead) => sendLead(sender, lead)));

/** Puts the leads of one person, which have to come at the same moment, together; every other lead is on its own. */
export function groupTwins(leads: readonly SampleLead[]): SampleLead[][] {
  const groups = new Map<string, SampleLead[]>();
  for (const lead of leads) {
    const twin = lead.expected.end === 'one-of-two' ? lead.expected.twin : lead.key;
    const key = twin < lead.key ? twin : lead.key;
    groups.set(key, [...(groups.get(key) ?? []), lead]);
  }
  return [...groups.values()];
}

async function sendLead(sender: Sender, sample: SampleLead): Promise<SentLead> {
  try {
    return { sample, contactId: null, leadId: null, ...(await passDoor(sender, sample)) };
  } catch (error) {
    const failure = error instanceof Error ? error.message.slice(0, 200) : 'unknown';
    return { sample, contactId: null, leadId: null, failure };
  }
}

async function passDoor(sender: Sender, sample: SampleLead): Promise<{ contactId: string } | { leadId: string }> {
  const { door } = sample;
  switch (door.by) {
    case 'webhook':
      return { contactId: await createContact(sender, sample, accountOf(sender, door.account)) };
    case 'stranger': {
      const { locationId } = strangers[door.company](sender.agency.key);
      return { contactId: await createContact(sender, sample, locationId) };
    }
    case 'workflow': {
      const locationId = accountOf(sender, door.account);
      const contactId = await createContact(sender, sample, locationId);
      await postByWorkflow(sender, sample, { contactId, locationId });
      return { contactId };
    }
    case 'api':
      return { leadId: await postLead(sender, sample, door.requestedLocation) };
  }
}

const accountOf = (sender: Sender, place: string): string => ghlIds.location(sender.agency.key, place);

/** Somebody fills in a form of a GHL account; GHL signs a webhook and delivers it. Returns GHL's id of the contact. */
async function createContact(sender: Sender, sample: SampleLead, locationId: string): Promise<string> {
  const { person, postcode, vertical } = sample;
  const contact = await sender.simulator.createContact({
    locationId,
    ...person,
    ...(postcode ? { postalCode: postcode } : {}),
    ...(vertical === undefined ? {} : { tags: [`vertical:${vertical}`] }),
    source: 'Website form',
  });
  return contact.id;
}

/** The unsigned webhook that GHL's workflow action sends, with the fields GHL fills in by itself. */
async function postByWorkflow(
  { apiUrl, agency }: Sender,
  { person, postcode }: SampleLead,
  { contactId, locationId }: { contactId: string; locationId: string },
): Promise<void> {
  const body = {
    contact_id: contactId,
    first_name: person.firstName,
    last_name: person.lastName,
    full_name: `${person.firstName} ${person.lastName}`,
    email: person.email,
    phone: person.phone,
    postal_code: postcode === '' ? undefined : postcode,
    location: { id: locationId, name: 'Phoenix' },
    workflow: { id: 'demo-workflow', name: 'New enquiry' },
    customData: {},
  };
  const headers = { 'x-switchyard-secret': agency.workflowSecret };
  await postJson(`${apiUrl}/webhooks/ghl-workflow`, { body, headers, accepts: [200] });
}

async function postLead(
  { apiUrl, agency }: Sender,
  { key, person, postcode, vertical }: SampleLead,
  requestedLocation: string | undefined,
): Promise<string> {
  const locationId = requestedLocation === undefined ? undefined : agency.locations[requestedLocation];
  const answer = await postJson(`${apiUrl}/v1/leads`, {
    body: { ...person, postcode, vertical, source: 'Our website', locationId },
    headers: { authorization: `Bearer ${agency.apiKey}`, 'idempotency-key': key },
    accepts: [201],
  });
  return answer.id ?? '';
}
