import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addDeadLetter } from '../../db/dead-letters.ts';
import { run } from '../stack/activity-bench.ts';
import { failureOf } from './failure.ts';
import { GATHER_MS, type NoticeWorld, startNoticeWorld } from './notice-world.ts';

let world: NoticeWorld;
let agencyId: string;
beforeAll(async () => {
  world = await startNoticeWorld();
  ({ agencyId } = world);
});
afterAll(() => world.stop());
beforeEach(() => world.clear());

describe('what operators are told', () => {
  /** So many dead letters, each with its planned delivery. */
  async function leaveLetters(count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const subject = { kind: 'record' as const, id: `note:${uuidv7()}` };
      const letter = { agencyId, locationId: null, advice: 'x', subject, workflowId: null };
      await world.inAgency((tx) =>
        addDeadLetter(tx, { ...letter, capability: 'contact-sync', cause: 'read:GhlInvalid' }),
      );
      const { ownerDb } = world.bench.database;
      const notice = await ownerDb
        .selectFrom('notices')
        .select('id')
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirstOrThrow();
      const deliveries = await run(world.bench.notices.planNotice, { agencyId, noticeId: notice.id });
      ids.push(deliveries[0]!.deliveryId);
    }
    return ids;
  }

  it('of dead letters comes at once, and then gathered', async () => {
    await world.hear();
    const start = Date.now();
    const [first] = await leaveLetters(1);
    await world.send(first!);
    expect(world.mail.mails[0]!.subject).toBe('Work has stopped for good and waits for an operator');
    const later = await leaveLetters(60);
    const failure = await failureOf(world.send(later[0]!));
    expect(failure).toMatchObject({ type: 'MailWaits', nonRetryable: false });
    expect(world.mail.mails).toHaveLength(1);
    world.bench.clock.at = new Date(start + GATHER_MS + 60_000);
    await world.send(later[7]!, { attempt: 2 });
    for (const deliveryId of later) await world.send(deliveryId, { attempt: 2 });
    expect(world.mail.mails).toHaveLength(2);
    expect(world.mail.mails[1]!.subject).toBe('Work has stopped for good 60 times and waits for an operator');
    expect(world.mail.mails[1]!.text).toContain('and 10 more.');
    expect(new Set((await world.standing()).map(({ state }) => state))).toEqual(new Set(['sent']));
  });

  it('goes again as a whole when the gathered mail was not taken', async () => {
    await world.hear();
    const [first, second] = await leaveLetters(2);
    world.mail.will({ data: 451 });
    expect((await failureOf(world.send(first!))).type).toBe('MailDeferred');
    expect((await world.standing()).map(({ state }) => state)).toEqual(['pending', 'pending']);
    await world.send(second!);
    expect(world.mail.mails).toHaveLength(1);
    expect(world.mail.mails[0]!.subject).toContain('2 times');
  });

  it('is one mail however many steps try at the same moment', async () => {
    await world.hear();
    const ids = await leaveLetters(20);
    const tries = await Promise.allSettled(ids.map((deliveryId) => world.send(deliveryId)));
    const failures = tries.flatMap((each) =>
      each.status === 'rejected' ? [(each.reason as { type: string }).type] : [],
    );
    expect(failures.filter((type) => type !== 'MailWaits')).toEqual([]);
    expect(world.mail.mails).toHaveLength(1);
    expect(world.mail.mails[0]!.subject).toContain('20 times');
    expect(new Set((await world.standing()).map(({ state }) => state))).toEqual(new Set(['sent']));
  });
});
