import { afterAll, beforeAll, beforeEach, it } from 'vitest';
import { setConflictPolicy } from '../../db/conflict-policies.ts';
import { changeContact, makeContact } from '../../db/contact-changes.ts';
import { resolveConflict } from '../../db/contact-conflicts.ts';
import { listUnsettledEdits } from '../../db/contact-edits.ts';
import { requestMerge } from '../../db/contact-merges.ts';
import { editorKeyOf } from '../../db/contact-work.ts';
import { type Contact, findContact, findContactByGhlId, lockContact } from '../../db/contacts.ts';
import { withScope } from '../../db/scope.ts';
import type { FieldName } from '../../domain/contact-fields.ts';
import type { FieldValue } from '../../domain/mirror.ts';
import {
  backfillWorkflowId,
  contactMergeWorkflowId,
  contactSyncWorkflowId,
  fieldMappingWorkflowId,
} from '../../domain/workflow-ids.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { createBackfillHarness, oldContacts } from '../stack/backfill-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import type { TestSystem } from '../stack/system.ts';
import { waitFor } from '../stack/wait.ts';
import { type Recorder, startRecorder } from './recorder.ts';

const GHL_LOCATION = 'one-loc-chelsea';

let system: TestSystem;
let save: Recorder['save'];
let agency: PlantedAgency;
let of: { agencyId: string; locationId: string };
beforeAll(async () => {
  ({ system, save } = await startRecorder());
  agency = await system.plant(smallAgency('one'));
  of = { agencyId: agency.agencyId, locationId: agency.locations.get('chelsea')! };
});
beforeEach(() => system.simulator.clearFaults());
afterAll(() => system.stop());

const inAgency = <T>(work: Parameters<typeof withScope<T>>[2]): Promise<T> =>
  withScope(system.database.db, { agencyId: of.agencyId }, work);
const act = () => ({ actor: 'recorder', origin: 'api' as const, now: new Date() });
const ended = (workflowId: string) => system.client.temporal.workflow.getHandle(workflowId).result();
const idOf = (contactKey: string): string => contactSyncWorkflowId(of.locationId, contactKey);

let people = 0;
/** A contact that a person made in GHL and that the mirror knows by its event. */
async function known(fields: Record<string, unknown> = {}): Promise<Contact & { ghl_id: string }> {
  people += 1;
  const person = { firstName: 'Recorded', lastName: 'Person', email: `recorded-${people}@x.test`, ...fields };
  const { id: ghlId } = await system.simulator.createContact({ locationId: GHL_LOCATION, ...person });
  await tell(ghlId);
  await ended(idOf(ghlId));
  return (await inAgency((tx) => findContactByGhlId(tx, of.locationId, ghlId))) as Contact & { ghl_id: string };
}
const tell = (ghlId: string): Promise<void> =>
  system.client.contactChanged({ ...of, changes: [{ resource: 'contact', ghlId, ghlContactId: ghlId }] });
/** Does what the inbox does with a change. */
async function wake(contact: Contact): Promise<string> {
  const contactKey = editorKeyOf(contact);
  await system.client.contactEdited({ ...of, contactKey, editedContactId: contact.id });
  return idOf(contactKey);
}
async function change(contact: Contact, field: FieldName, value: FieldValue): Promise<string> {
  await inAgency(async (tx) => changeContact(tx, (await lockContact(tx, contact.id))!, [{ field, value }], act()));
  return wake(contact);
}
const unsettled = (contact: Contact) => inAgency((tx) => listUnsettledEdits(tx, [contact.id]));

it('records a contact that is changed while it is read, and one that is made here', async () => {
  const contact = await known();
  await system.simulator.addFault({ latencyMs: 500, path: `/contacts/${contact.ghl_id}` });
  await tell(contact.ghl_id);
  await change(contact, 'city', 'Boston');
  const workflowId = await change(contact, 'tag:vip', true);
  await ended(workflowId);
  await save(workflowId, 'contact-edits-pushed');

  people += 1;
  const fields = [{ field: 'email' as const, value: `recorded-${people}@x.test` }];
  const made = await inAgency((tx) => makeContact(tx, of, fields, act()));
  const creation = await wake(made);
  await ended(creation);
  await save(creation, 'contact-edits-created');
  // Without a relay nobody else tells the contact's own workflow.
  const linked = (await inAgency((tx) => findContact(tx, made.id)))!;
  await ended(await wake(linked));
});

it('records a change that waits for GHL to be back, and one that GHL refuses for good', async () => {
  const contact = await known();
  await system.simulator.addFault({ status: 503, path: '/contacts' });
  const workflowId = await change(contact, 'city', 'Salem');
  await waitFor('the change to be deferred', async () => (await unsettled(contact))[0]?.lastError != null);
  await system.simulator.clearFaults();
  await ended(workflowId);
  await save(workflowId, 'contact-edits-deferred');

  await system.simulator.addFault({ status: 403, message: 'no', path: '/contacts' });
  await ended(await change(contact, 'city', 'Lynn'));
  await save(workflowId, 'contact-edits-refused');
});

it('records a conflict that is asked, and the operator’s answer', async () => {
  const contact = await known({ city: 'Old' });
  await inAgency((tx) => setConflictPolicy(tx, { ...of, field: 'city' }, 'ask'));
  await system.simulator.updateContact(contact.ghl_id, { city: 'Theirs' });
  const workflowId = await change(contact, 'city', 'Ours');
  await ended(workflowId);
  const [held] = await unsettled(contact);
  if (held?.state !== 'held') throw new Error('nothing is asked');
  await save(workflowId, 'contact-conflict-asked');
  await inAgency((tx) => resolveConflict(tx, held.id, { keep: 'ours' }, act()));
  await wake(contact);
  await ended(workflowId);
  await save(workflowId, 'contact-conflict-answered');
});

it('records what events name of a contact, and a contact that may not be read', async () => {
  const { ghl_id: ghlContactId } = await known();
  const tellOf = (resource: 'note' | 'task' | 'message', ghlId: string) =>
    system.client.contactChanged({ ...of, changes: [{ resource, ghlId, ghlContactId }] });
  await tell(ghlContactId);
  for (let at = 0; at < 25; at += 1) await tellOf('note', `gone-${at}`);
  await tellOf('task', 'gone');
  await ended(idOf(ghlContactId));
  await save(idOf(ghlContactId), 'contact-changes-read');

  await system.simulator.addFault({ status: 403, message: 'no', path: '/contacts' });
  await tell(ghlContactId);
  await ended(idOf(ghlContactId));
  await save(idOf(ghlContactId), 'contact-changes-unread');
});

it('records a merge that is done, one that is refused, and one that fails', async () => {
  const merge = async (name: string, gone: Record<string, unknown>): Promise<void> => {
    const [survivor, loser] = [await known(), await known(gone)];
    if (name === 'contact-merge-failed') await system.simulator.addFault({ status: 403, method: 'DELETE' });
    const pair = { survivorId: survivor.id, loserId: loser.id, acceptsLoss: true };
    const asked = await inAgency((tx) => requestMerge(tx, pair, act()));
    if ('refused' in asked) throw new Error(asked.refused);
    await system.client.startContactMerge({ ...of, mergeId: asked.mergeId });
    const workflowId = contactMergeWorkflowId(of.locationId, asked.mergeId);
    await ended(workflowId);
    await save(workflowId, name);
  };
  await merge('contact-merge-done', { tags: ['a'] });
  await merge('contact-merge-refused', { dndSettings: { RCS: { status: 'permanent' } } });
  await merge('contact-merge-failed', {});
});

it('records a field that is mapped, one that is not there, and a look whether all are still so', async () => {
  const ask = async (name: string, requestId: string, map?: { name: string; create: boolean }): Promise<void> => {
    const request = map && { ...map, type: 'number' as const, options: [] };
    await system.client.askFields({
      ...of,
      requestId,
      ...(request && { map: { request, actor: 'recorder', origin: 'api' as const } }),
    });
    const workflowId = fieldMappingWorkflowId(of.locationId, requestId);
    await ended(workflowId);
    await save(workflowId, name);
  };
  await ask('field-mapping-made', 'one', { name: 'budget', create: true });
  await ask('field-mapping-unknown', 'two', { name: 'size', create: false });
  await ask('field-mapping-checked', 'three');
});

it('records a backfill of conversations, and one of contacts that is cancelled', async () => {
  const backfills = createBackfillHarness(system, agency);
  const { workflow } = system.client.temporal;
  const { ghl_id: contactId } = await known();
  const at = '2024-05-01T10:00:00.000Z';
  const thread = { contactId, locationId: GHL_LOCATION };
  await system.simulator.seed({
    conversations: [{ ...thread, id: 'recorded-talk', lastMessageDate: at }],
    messages: [
      {
        ...thread,
        id: 'recorded-text',
        conversationId: 'recorded-talk',
        messageType: 'TYPE_SMS',
        direction: 'inbound',
        body: 'Hello',
        dateAdded: at,
      } as never,
    ],
  });
  const talks = await backfills.start({ under: 'chelsea', resources: ['conversation'] });
  await backfills.ended(talks);
  const ofTalks = backfillWorkflowId(of.locationId, 'conversation', talks);
  await workflow.getHandle(ofTalks).result();
  await save(ofTalks, 'backfill-conversations');

  await system.simulator.seed({ contacts: oldContacts(GHL_LOCATION, 20) });
  await system.simulator.addFault({ latencyMs: 300, path: '^/contacts/one-loc' });
  const runId = await backfills.start({ under: 'chelsea' });
  const ofPart = backfillWorkflowId(of.locationId, 'contact', runId);
  await waitFor('the part to read names', async () => (await backfills.get(runId)).parts[0]!.step === 'names');
  const run = (await backfills.get(runId)).run;
  await system.client.wishBackfill({ workflowId: run.workflow_id, wish: 'cancel' });
  await backfills.ended(runId);
  await workflow.getHandle(ofPart).result();
  await save(ofPart, 'backfill-contacts-cancelled');
  await workflow.getHandle(run.workflow_id).result();
  await save(run.workflow_id, 'backfill-run-cancelled');
});
