import { passesOf, POLL_POLICY, type PolledResource, type PollPolicy, type PollRule } from '../../domain/poll-rules.ts';

/** How a location is polled, with the changes of contacts looked for again and again, and no grace for late events. */
export function quickPolling(everyMs: number): PollPolicy {
  const rule: PollRule = POLL_POLICY.rules.contact;
  const always = { hot: everyMs, usual: everyMs, idle: everyMs };
  const contact: PollRule = { ...rule, delta: { ...rule.delta!, everyMs: always } };
  return { ...POLL_POLICY, rules: { ...POLL_POLICY.rules, contact }, gapGraceMs: 0 };
}

/** How many passes there are over a location. */
export const PASSES = passesOf(POLL_POLICY).length;

/** What can be polled. */
export const RESOURCES = Object.keys(POLL_POLICY.rules) as PolledResource[];
