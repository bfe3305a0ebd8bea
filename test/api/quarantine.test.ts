import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createService } from '../../api/service.ts';
import { PLATFORM } from '../../db/audit-log.ts';
import { createTestLogger } from '../stack/test-logger.ts';
import { waitToPass } from '../stack/wait.ts';
import { type ApiWorld, contactCreate, createApiWorld, keyRing } from './api-world.ts';
import { makeOperatorCredential } from './operator-credentials.ts';

const [known, rotated, stranger] = [
  generateKeyPairSync('ed25519'),
  generateKeyPairSync('ed25519'),
  generateKeyPairSync('ed25519'),
] as const;
type Pair = typeof known;

interface Kept {
  id: string;
  reason: string;
  digest: string;
  headerNames: string[];
  takenAt: string | null;
}
type Result = { id: string; outcome: string; reason: string };

let world: ApiWorld;
let token: string;
/** The API after GHL's new key was configured. */
let later: ReturnType<typeof request>;
beforeAll(async () => {
  world = await createApiWorld({ publicKeys: [known.publicKey] });
  token = (await makeOperatorCredential(world.db, 'token', 'Cleo')).secret;
  const { db, client } = world;
  const publicKeys = [known.publicKey, rotated.publicKey];
  later = request(createService({ db, keys: keyRing, client, publicKeys, logger: createTestLogger() }).app);
});
afterAll(() => world.close());

const bodyOf = (): Buffer =>
  Buffer.from(JSON.stringify({ ...contactCreate(), locationId: world.agency.master.ghlId, webhookId: randomUUID() }));
const post = (to: ReturnType<typeof request>, body: Buffer, by: Pair) =>
  to
    .post('/webhooks/ghl')
    .set({ 'content-type': 'application/json', 'x-ghl-signature': sign(null, body, by.privateKey).toString('base64') })
    .serialize((sent: unknown) => sent as string)
    .send(body);
const digestOf = (body: Buffer): string => createHash('sha256').update(body).digest('hex');
const list = async (): Promise<Kept[]> => {
  const answer = await later.get('/operator/quarantine').set('authorization', `Bearer ${token}`).expect(200);
  return (answer.body as { deliveries: Kept[] }).deliveries;
};
/** A delivery that is refused, once it is kept. */
async function refused(by: Pair): Promise<{ body: Buffer; kept: Kept }> {
  const body = bodyOf();
  await post(world.http, body, by).expect(401);
  const kept = await waitToPass(async () => {
    const found = (await list()).find(({ digest }) => digest === digestOf(body));
    expect(found).toBeDefined();
    return found!;
  });
  return { body, kept };
}
const take = async (to: ReturnType<typeof request>, body: object): Promise<Result[]> => {
  const answer = await to.post('/operator/quarantine/take').set('authorization', `Bearer ${token}`).send(body);
  expect(answer.status).toBe(200);
  return (answer.body as { deliveries: Result[] }).deliveries;
};
const resultOf = (results: Result[], id: string) => results.find((each) => each.id === id);
const eventsOf = async (body: Buffer) => {
  const { webhookId } = JSON.parse(body.toString()) as { webhookId: string };
  return world.ownerDb.selectFrom('event_keys').selectAll().where('event_id', '=', webhookId).execute();
};
const acts = () =>
  world.ownerDb
    .selectFrom('audit_log')
    .select(['actor', 'action', 'subject', 'after'])
    .where('agency_id', '=', PLATFORM)
    .where('action', 'like', 'quarantine.%')
    .orderBy('sequence')
    .execute();

describe('the quarantine', () => {
  it('shows what was refused and by which check, by names and digests alone, to operators', async () => {
    const { body, kept } = await refused(stranger);
    expect(kept).toMatchObject({ reason: 'mismatch', path: '/webhooks/ghl', bodyBytes: body.length, hasBody: true });
    expect(kept.headerNames).toEqual(expect.arrayContaining(['content-type', 'x-ghl-signature']));
    const { firstName, email } = JSON.parse(body.toString()) as Record<string, string>;
    expect(JSON.stringify(kept)).not.toMatch(new RegExp(`${firstName}|${email}|application/json`));
    await later.get('/operator/quarantine').expect(401);
    for (const key of Object.values(world.agency.keys)) {
      await later.get('/operator/quarantine').set('authorization', `Bearer ${key}`).expect(401);
      await later.post('/operator/quarantine/take').set('authorization', `Bearer ${key}`).send({}).expect(401);
    }
  });

  it('gives what GHL’s new key has signed to the intake, once, and says before what it would', async () => {
    const [{ body, kept }, other] = [await refused(rotated), await refused(stranger)];
    expect(resultOf(await take(world.http, { dryRun: false }), kept.id)).toMatchObject({
      outcome: 'still-refused',
      reason: 'mismatch',
    });
    expect(resultOf(await take(later, {}), kept.id)).toMatchObject({ outcome: 'valid' });
    expect(await eventsOf(body)).toEqual([]);
    const before = (await acts()).length;
    const taken = await take(later, { dryRun: false });
    expect(resultOf(taken, kept.id)).toMatchObject({ outcome: 'taken', reason: 'accepted' });
    expect(resultOf(taken, other.kept.id)).toMatchObject({ outcome: 'still-refused' });
    expect(await eventsOf(body)).toHaveLength(1);
    expect(await eventsOf(other.body)).toEqual([]);
    expect((await acts()).slice(before)).toMatchObject([
      { actor: 'operator:Cleo', action: 'quarantine.check', after: { dryRun: false } },
      { actor: 'operator:Cleo', action: 'quarantine.take', subject: `refused-delivery:${kept.id}` },
    ]);
    expect((await list()).find(({ id }) => id === kept.id)?.takenAt).not.toBeNull();
    expect(resultOf(await take(later, { dryRun: false }), kept.id)).toBeUndefined();
    await later.post('/operator/quarantine/take').set('authorization', `Bearer ${token}`).send({ all: 1 }).expect(422);
  });

  it('finds what GHL has sent again since to be a repeat', async () => {
    const { body, kept } = await refused(rotated);
    await post(later, body, rotated).expect(200);
    expect(resultOf(await take(later, { dryRun: false }), kept.id)).toMatchObject({ outcome: 'repeat' });
    expect(await eventsOf(body)).toHaveLength(1);
  });
});
