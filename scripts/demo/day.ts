import type { Kysely } from 'kysely';
import type { Database } from '../../db/schema.ts';
import type { ControlClient } from '../../simulator/control-client.ts';
import { actOnLeads } from './act-on-leads.ts';
import { awaitLeads } from './await-leads.ts';
import { viewGhl } from './check-ghl.ts';
import { checkShares, type Followed, followLeads } from './check-leads.ts';
import type { GrownAgency } from './demo-memory.ts';
import { judgeLeads, type Result } from './results.ts';
import { sampleAgency } from './sample-agency.ts';
import { EXACT_SHARES, listSampleLeads } from './sample-leads.ts';
import { isSettled, type SeenLead, watchLeads } from './seen-leads.ts';
import { groupTwins, type SentLead, sendTogether } from './send-leads.ts';
import { countUnclaimedEvents } from './unclaimed-events.ts';

export interface DayContext {
  db: Kysely<Database>;
  simulator: ControlClient;
  agency: GrownAgency;
  apiUrl: string;
  temporalAddress: string;
  namespace: string;
  log: (line: string) => void;
}

export interface Day {
  results: Result[];
  /** What is wrong with the leads as a whole. */
  problems: string[];
}

const DAY_TIMEOUT_MS = 180_000;
/** So many leads at a time have been sent and have not ended; a day has no bursts of 200. */
const ON_THEIR_WAY = 20;

/** Sends the sample's leads wave by wave, does what the sample has in store for some, and judges where all have ended. */
export async function runDay(context: DayContext): Promise<Day> {
  const { agency, apiUrl, log } = context;
  const leads = listSampleLeads();
  const deadline = new Date(Date.now() + DAY_TIMEOUT_MS);
  const look = watchLeads(context.db, agency);
  const unclaimedBefore = await countUnclaimedEvents(apiUrl);
  const sent: SentLead[] = [];
  const plan = sampleAgency(agency.key);
  const say = (done: number): void => log(`${done} of ${leads.length} leads have ended where they go`);

  for (const wave of [1, 2, 3] as const) {
    const groups = groupTwins(leads.filter((lead) => lead.wave === wave));
    const total = sent.length + groups.flat().length;
    await awaitLeads({
      total,
      deadline,
      say,
      look: async () => {
        const seen = await look();
        const open = followLeads(sent, seen).filter((lead) => !hasEnded(lead));
        const done = sent.length - open.length;
        const next = open.length < ON_THEIR_WAY ? groups.splice(0, ON_THEIR_WAY - open.length) : [];
        sent.push(...(await Promise.all(next.map((group) => sendTogether(context, group)))).flat());
        return { done, isAtRest: false, fingerprint: [sent.length, ...seen.map(fingerprintOf)].join() };
      },
    });
  }
  const due = followLeads(sent, await look()).flatMap(({ sample, seen }) =>
    sample.then === undefined || seen === undefined ? [] : [{ sample, seen }],
  );
  const acts = await actOnLeads(context, due);
  const strangers = leads.filter(({ door }) => door.by === 'stranger').length;
  // GHL follows a moment later than the database, so it is asked again until all is right there as well.
  const judge = async (): Promise<Result[]> => {
    const areStrangersTaken = (await countUnclaimedEvents(apiUrl)) - unclaimedBefore >= strangers;
    const followed = followLeads(sent, await look());
    return judgeLeads(followed, plan, await viewGhl(context.simulator), { acts, areStrangersTaken });
  };
  let results: Result[] = [];
  await awaitLeads({
    total: sent.length,
    deadline,
    say,
    look: async () => {
      results = await judge();
      return {
        done: results.filter(({ problems }) => problems.length === 0).length,
        isAtRest: results.every(hasEnded),
        fingerprint: results.map(({ seen, problems }) => [seen && fingerprintOf(seen), problems].join()).join(),
      };
    },
  });
  return { results, problems: checkShares(results, EXACT_SHARES) };
}

const hasEnded = ({ sample, seen, failure }: Followed): boolean =>
  failure !== undefined || sample.expected.end === 'no-lead' || (seen !== undefined && isSettled(seen));

const fingerprintOf = ({ state, rep, assignments }: SeenLead): string =>
  [state, rep, ...assignments.flatMap(({ noteId, taskId }) => [noteId, taskId])].join('/');
