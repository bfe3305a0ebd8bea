import { ApplicationFailure } from '@temporalio/common';
import { v7 as uuidv7 } from 'uuid';
import { createEndpoint, type EndpointAct } from '../../db/webhook-endpoint-acts.ts';
import { findWebhookDelivery } from '../../db/webhook-deliveries.ts';
import { findEndpoint } from '../../db/webhook-endpoints.ts';
import { recordNotice } from '../../db/notices.ts';
import { withScope } from '../../db/scope.ts';
import { suiteEvidence } from '../leaks/evidence.ts';
import { type ActivityBench, type Attempt, run } from '../stack/activity-bench.ts';
import type { BenchAgency } from './bench-agency.ts';

/** What webhooks of one agency are tried with, on a bench. */
export function createWebhookWorld(bench: ActivityBench, { agencyId }: Pick<BenchAgency, 'agencyId'>) {
  const { db, ownerDb } = bench.database;
  const inScope = <T>(work: Parameters<typeof withScope<T>>[2]) => withScope(db, { agencyId }, work);
  const world = {
    agencyId,
    inScope,
    act: (): EndpointAct => ({ agencyId, actor: 'test', origin: 'cli', now: bench.clock.at ?? new Date() }),
    /** Adds an endpoint that hears of all leads of the agency, or of a location with all below it. */
    async endpoint(url: string, locationId: string | null = null, topics: string[] = ['lead.assigned']) {
      const wish = { url, description: '', locationId, topics };
      const made = await inScope((tx) => createEndpoint(tx, bench.keys, world.act(), wish));
      suiteEvidence.use([{ kind: 'token', value: made!.secret }]);
      return made!;
    },
    /** Something happens; what is to be delivered of it. */
    async happens(locationId: string | null = null): Promise<string[]> {
      const occurrenceKey = uuidv7();
      const of = { agencyId, locationId, repId: null, leadId: uuidv7(), occurredAt: new Date() };
      const data = { assignmentId: uuidv7(), ghlContactId: 'contact-of-ghl' };
      await inScope((tx) => recordNotice(tx, { ...of, topic: 'lead.assigned', occurrenceKey, data }));
      const notices = ownerDb.selectFrom('notices').select('id').where('occurrence_key', '=', occurrenceKey);
      const { id: noticeId } = await notices.executeTakeFirstOrThrow();
      const planned = await run(bench.notices.planNotice, { agencyId, noticeId });
      return planned.map(({ deliveryId }) => deliveryId);
    },
    /** One attempt; what it failed with, if it did. */
    async send(deliveryId: string, attempt: Attempt = {}): Promise<ApplicationFailure | undefined> {
      try {
        await run(bench.webhooks.sendNoticeWebhook, { agencyId, deliveryId }, attempt);
        return undefined;
      } catch (error) {
        if (error instanceof ApplicationFailure) return error;
        throw error;
      }
    },
    delivery: async (id: string) => (await inScope((tx) => findWebhookDelivery(tx, id)))!,
    get: async (endpointId: string) => (await inScope((tx) => findEndpoint(tx, endpointId)))!,
    /** The open letters about an endpoint. */
    async letters(endpointId: string): Promise<string[]> {
      const letters = ownerDb.selectFrom('dead_letters').select('cause').where('subject_id', '=', endpointId);
      return (await letters.where('resolved_at', 'is', null).orderBy('id').execute()).map(({ cause }) => cause);
    },
    async audited(endpointId: string): Promise<string[]> {
      const subject = `webhook-endpoint:${endpointId}`;
      const acts = ownerDb.selectFrom('audit_log').select('action').where('subject', '=', subject);
      return (await acts.orderBy('sequence').execute()).map(({ action }) => action);
    },
  };
  return world;
}

export type WebhookWorld = ReturnType<typeof createWebhookWorld>;
