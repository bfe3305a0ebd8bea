import { afterAll, beforeAll, it } from 'vitest';
import { subscribe } from '../../db/notice-subscriptions.ts';
import { recordNotice } from '../../db/notices.ts';
import { withScope } from '../../db/scope.ts';
import { notificationWorkflowId } from '../../domain/workflow-ids.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { type MailServer, startMailServer } from '../stack/mail-server.ts';
import { smallAgency } from '../stack/small-agency.ts';
import type { TestSystem } from '../stack/system.ts';
import { type Recorder, startRecorder } from './recorder.ts';

let mail: MailServer;
let system: TestSystem;
let save: Recorder['save'];
let agency: PlantedAgency;
beforeAll(async () => {
  mail = await startMailServer();
  ({ system, save } = await startRecorder({ mail: mail.settings }));
  agency = await system.plant(smallAgency('one'));
});
afterAll(async () => {
  await system.stop();
  await mail.stop();
});

/** Lets a notice of a lead go to these addresses, and waits for the end of its workflow. @returns the workflow's id */
async function tell(addresses: string[], occurrenceKey: string): Promise<string> {
  const { agencyId } = agency;
  const place = { agencyId, locationId: null, repId: null, endpointId: null };
  const by = { channel: 'email' as const, recipient: 'address' as const, madeBy: 'recorder' };
  const noticeId = await withScope(system.database.db, { agencyId }, async (tx) => {
    for (const address of addresses)
      await subscribe(tx, system.keys, { ...place, ...by, topics: ['lead.closed'], address });
    const data = { reason: 'won', assignmentId: null, ghlContactId: null };
    const what = { topic: 'lead.closed' as const, leadId: null, occurredAt: new Date(), occurrenceKey, data };
    await recordNotice(tx, { ...place, ...what });
    const made = tx.selectFrom('notices').select('id').where('occurrence_key', '=', occurrenceKey);
    return (await made.executeTakeFirstOrThrow()).id;
  });
  await system.client.startNotification({ agencyId, locationId: null, noticeId });
  const workflowId = notificationWorkflowId(agencyId, noticeId);
  await system.client.temporal.workflow.getHandle(workflowId).result();
  return workflowId;
}

it('records a notice that two hear of, one of them after the server has put it off', async () => {
  mail.will({ rcpt: 450 });
  const workflowId = await tell(['one@recorded.example', 'other@recorded.example'], 'sent');
  await save(workflowId, 'notification-sent');
});

it('records a notice that the server refuses for good', async () => {
  mail.will({ rcpt: 550 });
  await save(await tell(['one@recorded.example'], 'refused'), 'notification-refused');
});
