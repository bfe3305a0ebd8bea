import { afterAll, beforeAll, it } from 'vitest';
import { createEndpoint, testEndpoint } from '../../db/webhook-endpoint-acts.ts';
import { withScope } from '../../db/scope.ts';
import { notificationWorkflowId } from '../../domain/workflow-ids.ts';
import { answering, type Receiver, startReceiver } from '../outbound/receiver.ts';
import { smallAgency } from '../stack/small-agency.ts';
import type { TestSystem } from '../stack/system.ts';
import { type Recorder, startRecorder } from './recorder.ts';

let receiver: Receiver;
let system: TestSystem;
let save: Recorder['save'];
beforeAll(async () => {
  receiver = await startReceiver();
  const outboundRules = { privateAddresses: new Set(['127.0.0.1']), isHttpAllowed: true };
  ({ system, save } = await startRecorder({ webhooks: { outboundRules, webhookRetryDelaysMs: [1_000] } }));
});
afterAll(async () => {
  await system.stop();
  await receiver.close();
});

it('records a notice that an endpoint takes at the second time', async () => {
  const { agencyId } = await system.plant(smallAgency('one'));
  const act = { agencyId, actor: 'recorder', origin: 'cli' as const, now: new Date() };
  const wish = { url: receiver.url, description: '', locationId: null, topics: ['lead.closed'] };
  receiver.reply = (request, response) => {
    receiver.reply = answering(204);
    answering(503)(request, response);
  };
  const noticeId = await withScope(system.database.db, { agencyId }, async (tx) => {
    const made = await createEndpoint(tx, system.keys, act, wish);
    const tested = await testEndpoint(tx, act, made!.id);
    if (typeof tested === 'string') throw new Error(tested);
    return tested.noticeId;
  });
  await system.client.startNotification({ agencyId, locationId: null, noticeId });
  const workflowId = notificationWorkflowId(agencyId, noticeId);
  await system.client.temporal.workflow.getHandle(workflowId).result();
  await save(workflowId, 'notification-webhook');
});
