import type { AgencyPlan } from './agency-plan.ts';
import type { SampleLead } from './sample-lead.ts';
import { isSettled, type SeenLead } from './seen-leads.ts';
import type { SentLead } from './send-leads.ts';

/** A sample lead with what became of it. */
export interface Followed extends SentLead {
  seen: SeenLead | undefined;
}

/** Finds each sent lead among those seen: by the id the API gave, or the contact it came in as. */
export function followLeads(sent: readonly SentLead[], seen: readonly SeenLead[]): Followed[] {
  const byLead = new Map(seen.map((lead) => [lead.leadId, lead]));
  const byContact = new Map(seen.map((lead) => [lead.sourceContactId, lead]));
  return sent.map((lead) => ({
    ...lead,
    seen: lead.leadId === null ? byContact.get(lead.contactId) : byLead.get(lead.leadId),
  }));
}

/** Compares where a lead is with where it has to be. Returns what is wrong, in words; nothing when all is right. */
export function checkLead({ sample, seen }: Followed, all: readonly Followed[]): string[] {
  const { expected } = sample;
  if (expected.end === 'no-lead') return seen === undefined ? [] : ['it made a lead'];
  if (seen === undefined) return ['there is no lead'];
  switch (expected.end) {
    case 'assigned':
      return checkEnd(seen, { state: 'assigned', ...expected });
    case 'queued':
      return checkEnd(seen, { state: 'queued', ...expected });
    case 'one-of-two': {
      const twin = all.find((each) => each.sample.key === expected.twin)?.seen;
      if (seen.state !== 'closed') return checkEnd(seen, { state: 'assigned', ...expected });
      if (twin === undefined || twin.state === 'closed') return ['it is closed, and so is the other'];
      return seen.duplicateOf === twin.leadId ? [] : ['it is closed and has not joined the other'];
    }
  }
}

function checkEnd(
  seen: SeenLead,
  wanted: { state: 'assigned' | 'queued'; location: string; rep?: string; reason: string },
): string[] {
  const problems: string[] = [];
  const compare = (what: string, is: string | null, shouldBe: string): void => {
    if (is !== shouldBe) problems.push(`${what} is ${is ?? 'none'}`);
  };
  compare('its state', seen.state, wanted.state);
  compare('its location', seen.location, wanted.location);
  compare('its reason', seen.reason, wanted.reason);
  if (wanted.rep !== undefined) compare('its rep', seen.rep, wanted.rep);
  if (wanted.state === 'queued' && seen.rep !== null) problems.push(`its rep is ${seen.rep}`);
  if (problems.length === 0 && !isSettled(seen)) problems.push('GHL or the rep has not been told');
  return problems;
}

/** Whether a rep of the plan may get leads by rotation: who else has one got it by hand, or wrongly. */
export function checkReps(followed: readonly Followed[], plan: AgencyPlan): Map<string, string[]> {
  const able = new Set(
    plan.locations
      .flatMap(({ reps }) =>
        reps.filter(
          (rep) => rep.status !== 'suspended' && rep.weight !== 0 && rep.dailyCap !== 0 && rep.maxOpenLeads !== 0,
        ),
      )
      .map((rep) => rep.key),
  );
  const wrong = followed.filter(
    ({ sample, seen }) => seen?.rep != null && !able.has(seen.rep) && sample.kind !== 'signal',
  );
  return new Map(wrong.map(({ sample, seen }) => [sample.key, [`its rep is ${seen?.rep ?? ''}, who takes none`]]));
}

/** Compares how many leads each rep has with the shares that weights give exactly. Leads moved by hand do not count. */
export function checkShares(followed: readonly Followed[], shares: Record<string, Record<string, number>>): string[] {
  return Object.entries(shares).flatMap(([location, wanted]) => {
    const counts: Record<string, number> = {};
    for (const { sample, seen } of followed) {
      if (seen?.location !== location || seen.rep === null || sample.kind === 'signal') continue;
      counts[seen.rep] = (counts[seen.rep] ?? 0) + 1;
    }
    const reps = new Set([...Object.keys(wanted), ...Object.keys(counts)]);
    const isExact = [...reps].every((rep) => counts[rep] === wanted[rep]);
    const text = (share: Record<string, number>): string =>
      Object.entries(share)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([rep, count]) => `${rep} ${count}`)
        .join(', ');
    return isExact ? [] : [`${location}: leads by rep are ${text(counts)}; the weights give ${text(wanted)}`];
  });
}

/** What was wanted of a lead, in words. */
export function describeExpected({ expected }: SampleLead): string {
  switch (expected.end) {
    case 'no-lead':
      return 'no lead';
    case 'assigned':
      return `${expected.location}${expected.rep === undefined ? '' : `, ${expected.rep}`} (${expected.reason})`;
    case 'queued':
      return `queue of ${expected.location} (${expected.reason})`;
    case 'one-of-two':
      return `one of two in ${expected.location}`;
  }
}
