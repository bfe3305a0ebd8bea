import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { somebody } from '../stack/lead-harness.ts';
import { waitFor } from '../stack/wait.ts';
import { type ObservedSystem, startObservedSystem } from './observed-system.ts';
import type { ReceivedSpan } from './trace-receiver.ts';

let system: ObservedSystem;
beforeAll(async () => {
  system = await startObservedSystem({ exports: true });
});
afterAll(() => system.stop());

/** A person who asks in the master's GHL account; resolves when a rep has the lead. */
async function enquire() {
  const { postcode: postalCode, ...person } = somebody('02116');
  const where = { locationId: 'one-loc-master', postalCode: postalCode! };
  const { id: contactId } = await system.simulator.createContact({ ...where, ...person });
  const { ownerDb } = system.database;
  const leads = ownerDb.selectFrom('leads').selectAll().where('source_contact_id', '=', contactId);
  const lead = await waitFor('the assigned lead', () => leads.where('state', '=', 'assigned').executeTakeFirst());
  return { lead, person };
}

/** The names from the first step to this one. */
function pathTo(span: ReceivedSpan, spans: readonly ReceivedSpan[]): string[] {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return parent ? [...pathTo(parent, spans), span.name] : [span.name];
}

describe('a lead', () => {
  it('leaves one trace from its webhook to the calls to GHL, by which log lines and the inbox are found', async () => {
    const { lead, person } = await enquire();
    const work = await system.database.ownerDb
      .selectFrom('event_capabilities')
      .select('traceparent')
      .where('workflow_id', '=', `lead-intake/${lead.agency_id}/${lead.id}`)
      .where('capability', '=', 'lead-intake')
      .executeTakeFirstOrThrow();
    const traceId = work.traceparent!.split('-')[1]!;
    const spans = await waitFor('the whole trace', () => {
      const found = system.traces.spans.filter((span) => span.traceId === traceId);
      // The processes export by themselves, and a step after what happened in it.
      const last = found.find(({ name }) => name === 'GHL createTask');
      return last && pathTo(last, found)[0] === 'POST /webhooks/ghl' ? found : undefined;
    });

    const call = spans.find(({ name }) => name === 'GHL createTask')!;
    expect(pathTo(call, spans)).toEqual([
      'POST /webhooks/ghl',
      'hand over lead-intake',
      expect.stringMatching(/^activity \w+$/),
      'GHL createTask',
    ]);
    expect(call.service).toBe('switchyard-worker');
    expect(call.attributes).toMatchObject({
      'ghl.outcome': 'ok',
      'ghl.lane': 'interactive',
      'ghl.location_id': 'one-loc-back-bay',
    });
    expect(Number(call.attributes['http.response.status_code'])).toBeLessThan(300);
    const webhook = spans.find(({ name }) => name === 'POST /webhooks/ghl')!;
    expect(webhook).toMatchObject({ service: 'switchyard-api', parentSpanId: undefined });
    expect(spans.find(({ name }) => name === 'activity routeLead')?.attributes).toMatchObject({
      'temporal.workflow_id': `lead-intake/${lead.agency_id}/${lead.id}`,
    });
    const line = system.logLines().find((entry) => entry['route'] === '/webhooks/ghl' && entry['traceId'] === traceId);
    const ids = { agencyId: lead.agency_id, locationId: lead.intake_location_id, eventId: lead.event_row_id };
    expect(line).toMatchObject({ process: 'api', ...ids });
    for (const value of Object.values(person)) expect(system.traces.bodies.join('\n')).not.toContain(value);
  });

  it('has log lines of the worker with the same trace, and a failed call stands out in it', async () => {
    await system.simulator.addFault({ method: 'POST', path: '/notes$', status: 503, times: 1 });
    const { lead } = await enquire();
    const failed = await waitFor('the failed call', () =>
      system.traces.spans.find(({ name, isFailed }) => name.startsWith('GHL ') && isFailed),
    );
    expect(failed.attributes).toMatchObject({ 'ghl.outcome': 'GhlUnavailable', 'http.response.status_code': 503 });
    const warned = await waitFor('the worker to say so', () =>
      system.logLines().find((line) => line['process'] === 'worker' && line['traceId'] === failed.traceId),
    );
    expect(warned['workflowId']).toContain(lead.id);
    expect(warned['agencyId']).toBe(lead.agency_id);
  });
});
