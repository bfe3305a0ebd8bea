import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CAUSES_BY_DESIGN, judgeHandover, relayBackoffMs } from '../../api/relay-policy.ts';
import { LeadStuckError, TemporalUnavailableError } from '../../client.ts';

describe('work that was handed to Temporal', () => {
  it('is done when nothing was thrown', () => {
    expect(judgeHandover(undefined, 1)).toMatchObject({ outcome: 'done' });
  });

  it('is tried for as long as Temporal is away, ever more rarely', () => {
    const away = new TemporalUnavailableError('away');
    expect(judgeHandover(away, 1)).toEqual({ outcome: 'failed', cause: 'TemporalUnavailable', retryMs: 500 });
    expect(judgeHandover(away, 1_000)).toEqual({ outcome: 'failed', cause: 'TemporalUnavailable', retryMs: 60_000 });
  });

  it('waits about a week for an operator when its lead has lost its workflow', () => {
    const stuck = new LeadStuckError({ agencyId: 'a', leadId: 'l', fate: 'broken' });
    expect(judgeHandover(stuck, 1)).toEqual({ outcome: 'failed', cause: 'lead-stuck', retryMs: 500 });
    let [attempts, waitedMs] = [1, 0];
    for (; judgeHandover(stuck, attempts).outcome === 'failed'; attempts += 1) {
      waitedMs += judgeHandover(stuck, attempts).retryMs;
    }
    expect(waitedMs / 86_400_000).toBeGreaterThan(6);
    expect(waitedMs / 86_400_000).toBeLessThan(8);
    expect(judgeHandover(stuck, attempts)).toMatchObject({ outcome: 'dead', cause: 'lead-stuck' });
  });

  it('waits by design for that operator, and for nothing else', () => {
    const errors = [new LeadStuckError({ agencyId: 'a', leadId: 'l', fate: 'broken' }), new TypeError('x')];
    const [stuck, ...others] = [...errors, new TemporalUnavailableError('away')].map((error) =>
      judgeHandover(error, 1),
    );
    expect(CAUSES_BY_DESIGN).toEqual([stuck!.cause]);
    for (const { cause } of others) expect(CAUSES_BY_DESIGN).not.toContain(cause);
  });

  it('is given up at once when it cannot be read, and after six tries for what nobody foresaw', () => {
    const unreadable = z.string().safeParse(1).error;
    expect(judgeHandover(unreadable, 1)).toMatchObject({ outcome: 'dead', cause: 'ZodError' });
    expect(judgeHandover(new TypeError('x'), 5)).toMatchObject({ outcome: 'failed' });
    expect(judgeHandover(new TypeError('x'), 6)).toMatchObject({ outcome: 'dead', cause: 'TypeError' });
  });
});

describe('the relay', () => {
  it('leaves a server that is away alone for five seconds at most', () => {
    expect(relayBackoffMs(1)).toBe(200);
    expect(relayBackoffMs(100)).toBe(5_000);
  });
});
