import { log } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, it } from 'vitest';
import { tellIds } from '../../worker/log-ids.ts';
import { createTemporalLogger } from '../../worker/temporal-log.ts';
import { createTestLogger } from '../stack/test-logger.ts';

/** Runs an activity that logs, and returns the lines as they are written. */
async function linesOf(work: () => void, given: unknown, level = 'info'): Promise<Record<string, unknown>[]> {
  const written: string[] = [];
  const lines = createTestLogger((line) => written.push(line));
  lines.level = level;
  const environment = new MockActivityEnvironment(
    { workflowExecution: { workflowId: 'poll-sync/x', runId: uuidv7() } },
    { logger: createTemporalLogger(lines), interceptors: [tellIds] },
  );
  await environment.run((_given: unknown) => Promise.resolve(work()), given);
  return written.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const [agencyId, locationId, eventId] = [uuidv7(), uuidv7(), uuidv7()];

describe('a log line of an activity', () => {
  it('says whose it is, of which workflow and of which event', async () => {
    const own = await linesOf(() => void log.warn('polling failed'), { agencyId, locationId, eventRowId: eventId });
    expect(own).toMatchObject([{ msg: 'polling failed', agencyId, locationId, eventId, workflowId: 'poll-sync/x' }]);
    const below = await linesOf(() => void log.warn('gone'), { agencyId, event: { eventRowId: eventId } });
    expect(below).toMatchObject([{ agencyId, eventId }]);
  });

  it('says nothing that is no id of ours', async () => {
    for (const given of [undefined, null, 'Ann', { agencyId: 'Ann Quistgaard', locationId: 7, event: null }]) {
      const [line] = await linesOf(() => void log.warn('x'), given);
      expect(line).not.toHaveProperty('agencyId');
      expect(JSON.stringify(line)).not.toContain('Ann');
    }
  });

  it('has its own level, from which on LOG_LEVEL decides', async () => {
    const all = (): void => {
      log.info('a month is over');
      log.warn('slow');
      log.error('a step fails');
    };
    const levels = async (level: string) => (await linesOf(all, {}, level)).map((line) => [line['msg'], line['level']]);
    expect(await levels('info')).toEqual([
      ['a month is over', 30],
      ['slow', 40],
      ['a step fails', 50],
    ]);
    expect(await levels('error')).toEqual([['a step fails', 50]]);
  });

  it('is not written below that, where the SDK tells its options and whole payloads', async () => {
    const secret = (): void => {
      log.debug('Creating worker', { options: 'keys' });
      log.trace('Got workflow activation', { payloads: 'all' });
    };
    expect(await linesOf(secret, {}, 'trace')).toEqual([]);
  });
});
