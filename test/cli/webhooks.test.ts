import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { findEndpointToSend } from '../../db/webhook-endpoints.ts';
import { rotateSealedRows } from '../../db/key-rotation.ts';
import { withScope } from '../../db/scope.ts';
import { type CliHarness, createCliHarness } from './harness.ts';

const URL = 'https://hooks.example.com/in';

let cli: CliHarness;
let agencyId: string;
let agency: string[];
beforeAll(async () => {
  cli = await createCliHarness();
  ({ agencyId } = await cli.createAgency());
  agency = ['--agency', agencyId];
});
afterAll(() => cli.close());

const create = (...more: string[]) =>
  cli.json<{ id: string; secret: string }>(['webhooks', 'create', URL, ...agency, ...more]);
const secretsOf = (id: string, ring: string) =>
  withScope(cli.database.db, { agencyId }, async (tx) => {
    const found = await findEndpointToSend(tx, parseKeyRing(ring), id, new Date());
    return found?.secrets;
  });

describe('webhooks', () => {
  it('are created, shown without their secret, and deleted', async () => {
    const { id, secret } = await create('--topic', 'lead.assigned', 'lead.closed', '--description', 'CRM');
    expect(secret).toMatch(/^whsec_/);
    const listed = await cli.run(['webhooks', 'list', ...agency]);
    const shown = await cli.run(['webhooks', 'show', id, ...agency]);
    const audited = await cli.run(['audit', 'list', ...agency]);
    expect(listed.out).toMatch(/hooks\.example\.com +enabled +lead\.assigned, lead\.closed/);
    expect(shown.out).toContain('webhook-endpoint.create');
    expect(listed.out + shown.out + audited.out).not.toContain(secret.slice(6));
    expect((await cli.run(['webhooks', 'delete', id, ...agency])).out).toContain('Deleted');
    expect(await cli.json(['webhooks', 'list', ...agency])).toEqual([]);
    const gone = await cli.run(['webhooks', 'show', id, ...agency]);
    expect([gone.code, gone.error]).toEqual([1, expect.stringContaining('webhooks list shows them')]);
  });

  it.each([
    ['http://hooks.example.com/', 'must begin with https://'],
    ['https://10.0.0.1/', 'must name a host of the Internet'],
    ['https://metadata.internal/', 'must name a host of the Internet'],
  ])('are not sent to %s', async (url, why) => {
    const ran = await cli.run(['webhooks', 'create', url, ...agency]);
    expect([ran.code, ran.error]).toEqual([1, expect.stringContaining(why)]);
  });

  it('are changed in what is named, and keep their secret', async () => {
    const { id, secret } = await create('--topic', 'lead.assigned', '--description', 'CRM');
    const set = (...more: string[]) => cli.run(['webhooks', 'set', id, ...more, ...agency]);
    const { out } = await set('--url', 'https://other.example.com/in', '--topic', 'lead.closed', 'lead.accepted');
    expect(out).toMatch(/other\.example\.com/);
    expect(out).toMatch(/CRM/);
    expect(out).toContain('lead.accepted, lead.closed');
    expect((await cli.run(['webhooks', 'show', id, ...agency])).out).toContain('webhook-endpoint.change');
    expect(await secretsOf(id, cli.environment['ENCRYPTION_KEYS']!)).toEqual([secret]);
    expect((await set()).code).toBe(2);
    expect((await set('--topic', 'lead.eaten')).code).toBe(2);
    const inside = await set('--url', 'https://10.0.0.1/');
    expect([inside.code, inside.error]).toEqual([1, expect.stringContaining('must name a host of the Internet')]);
    const other = await cli.createAgency();
    const args = ['webhooks', 'set', id, '--description', 'theirs', '--agency', other.agencyId];
    expect((await cli.run(args)).error).toContain('The agency has no endpoint');
  });

  it('refuse topics that there are not, and overlaps that are too long', async () => {
    expect((await cli.run(['webhooks', 'create', URL, '--topic', 'lead.eaten', ...agency])).code).toBe(2);
    const { id } = await create();
    expect((await cli.run(['webhooks', 'rotate-secret', id, '--overlap-hours', '169', ...agency])).code).toBe(2);
  });

  it('sign by both secrets while they change, also after the encryption key has changed', async () => {
    const { id, secret: first } = await create();
    const rotated = await cli.run(['webhooks', 'rotate-secret', id, ...agency, '--json']);
    const { secret: second } = JSON.parse(rotated.out) as { secret: string };
    const old = cli.environment['ENCRYPTION_KEYS']!;
    expect(await secretsOf(id, old)).toEqual([second, first]);
    const next = `2:${Buffer.alloc(32, 7).toString('base64')}`;
    await rotateSealedRows(cli.database.db, parseKeyRing(`${old},${next}`));
    expect(await secretsOf(id, next)).toEqual([second, first]);
    await expect(secretsOf(id, old)).rejects.toThrow();
    await rotateSealedRows(cli.database.db, parseKeyRing(`${next},${old.replace(/^1:/, '3:')}`));
    expect(await secretsOf(id, `${next},${old.replace(/^1:/, '3:')}`)).toEqual([second, first]);
  });

  it('are disabled, tried in vain, and enabled', async () => {
    const { id } = await create();
    expect((await cli.run(['webhooks', 'disable', id, ...agency])).code).toBe(0);
    expect((await cli.run(['webhooks', 'test', id, ...agency])).error).toContain('webhooks enable');
    expect((await cli.run(['webhooks', 'enable', id, ...agency])).code).toBe(0);
    const untried = await cli.run(['webhooks', 'test', id, '--wait-seconds', '0', ...agency]);
    expect(untried.out).toContain('It has not been sent yet');
    expect((await cli.run(['webhooks', 'deliveries', id, ...agency])).out).toContain('There are none.');
    const none = await cli.run(['webhooks', 'redeliver', id, id, ...agency]);
    expect(none.out).toContain('0 are sent again. 1 are not known');
  });
});
