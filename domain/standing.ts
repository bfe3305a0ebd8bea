import type { NoLead } from './no-lead.ts';

/** A workflow as Temporal shows it; `away`: Temporal does not answer, `unknown`: it has none, or not any more. */
export interface WorkflowStanding {
  workflowId: string;
  status: string;
  startedAt: Date | null;
  closedAt: Date | null;
  /** The step that it is at, with the code of its last failure. */
  steps: { activity: string; attempt: number; failure: string | null; nextAt: Date | null }[];
}

/** What is known of a thing, as far as it tells how it stands. */
export interface Facts {
  openLetters: readonly { cause: string; advice: string }[];
  work: readonly { capability: string; state: 'pending' | 'started' | 'known' | 'dead'; lastError: string | null }[];
  workflows: readonly WorkflowStanding[];
  leads: readonly { id: string; state: string; closeReason: string | null; lastReason: string | null }[];
  edits: readonly { id: string; state: string; reason: string | null; lastError: string | null }[];
  /** How the latest event was taken. */
  eventStatus: string | null;
  contact: { id: string; isDeleted: boolean } | null;
  /** Of a contact that came to be and made no lead: why. */
  noLead: NoLead | null;
}

/** How a thing stands, the reason, and what an operator can do. */
export interface Standing {
  now: string;
  reason: string;
  youCan: string;
}

const NOTHING = 'do nothing: it goes on by itself';
const BROKEN: readonly string[] = ['FAILED', 'TERMINATED', 'TIMED_OUT', 'CANCELLED'];

/** What the codes of failures mean for whoever waits. */
const FAILURES: Readonly<Record<string, Pick<Standing, 'reason' | 'youCan'>>> = {
  GhlRateLimited: { reason: 'the location’s request budget in GHL is used up', youCan: NOTHING },
  GhlCircuitOpen: { reason: 'GHL fails in this group of endpoints, which is left alone for a while', youCan: NOTHING },
  GhlUnavailable: { reason: 'GHL does not answer or is in trouble', youCan: NOTHING },
  GhlAuthExpired: {
    reason: 'the authority in GHL is gone',
    youCan: 'connect it again: cli agency connect, or credentials rotate',
  },
  AgencyNotConnected: {
    reason: 'the agency is not connected yet',
    youCan: 'connect it: cli agency connect',
  },
};
/** Whether time heals such a failure nobody knows: who is told to do nothing would wait for ever. */
const LOOK = 'look at the worker’s log, which has the step and the code: it is tried again until the cause is mended';

/**
 * Says how a thing stands: what stopped for good comes before what waits, and that before what is done.
 * @param agency the option that commands want
 */
export function judgeStanding(facts: Facts, agency: string): Standing {
  return stopped(facts, agency) ?? waiting(facts) ?? settled(facts, agency);
}

function stopped({ openLetters, work, workflows, leads, edits, contact }: Facts, agency: string): Standing | undefined {
  const letter = openLetters.at(-1);
  if (letter) return { now: 'stopped, and waits for an operator', reason: letter.cause, youCan: letter.advice };
  const openLead = leads.find(({ state }) => state !== 'closed');
  const redrive = openLead && `cli leads redrive ${openLead.id} ${agency}`;
  const buried = work.find(({ state }) => state === 'dead');
  if (buried) {
    const reason = `Temporal would not take it (${buried.lastError ?? 'unknown'})`;
    return { now: `${buried.capability} was buried`, reason, youCan: redrive ?? 'repeat the change in GHL' };
  }
  const broken = workflows.find(({ status }) => BROKEN.includes(status));
  if (broken && redrive !== undefined) {
    const now = 'open, and nobody works on it';
    return { now, reason: `its workflow ended ${broken.status.toLowerCase()}`, youCan: redrive };
  }
  const failed = edits.find(({ state }) => state === 'failed' || state === 'held');
  if (failed) {
    const isHeld = failed.state === 'held';
    const youCan = isHeld
      ? `cli contacts resolve ${failed.id} ${agency}`
      : `cli contacts redrive ${contact?.id ?? ''} ${agency}`;
    const now = isHeld ? 'a change of ours is held' : 'a change of ours has failed';
    return { now, reason: failed.reason ?? failed.lastError ?? 'unknown', youCan };
  }
  return undefined;
}

function waiting({ work, workflows }: Facts): Standing | undefined {
  const pending = work.find(({ state }) => state === 'pending');
  const inInbox = pending && `${pending.capability} waits in the inbox`;
  const isAway = workflows.some(({ status }) => status === 'away');
  if (pending && inInbox && (pending.lastError !== null || isAway)) {
    const youCan = 'bring Temporal back; the relay hands it over then';
    return { now: inInbox, reason: pending.lastError ?? 'Temporal is away', youCan };
  }
  const steps = workflows.flatMap((workflow) => workflow.steps);
  const failing = steps.find(({ failure }) => failure !== null);
  if (failing) {
    const meaning = FAILURES[failing.failure!] ?? { reason: failing.failure!, youCan: LOOK };
    const next = failing.nextAt ? `, again at ${failing.nextAt.toISOString().slice(11, 19)}Z` : '';
    return { now: `${failing.activity} is tried again (attempt ${failing.attempt}${next})`, ...meaning };
  }
  const [running] = steps;
  if (running) {
    return { now: `${running.activity} is under way`, reason: `attempt ${running.attempt} runs`, youCan: NOTHING };
  }
  if (inInbox) return { now: inInbox, reason: 'the relay has not handed it over yet', youCan: NOTHING };
  return undefined;
}

function settled({ leads, edits, eventStatus, contact, noLead }: Facts, agency: string): Standing {
  const [lead] = leads;
  if (lead) {
    const isClosed = lead.state === 'closed';
    const reason = (isClosed ? lead.closeReason : lead.lastReason) ?? 'nothing was decided yet';
    const youCan = isClosed ? 'do nothing: it is over' : `cli leads reassign | close ${lead.id} ${agency}`;
    return { now: `the lead is ${lead.state}`, reason, youCan };
  }
  if (contact?.isDeleted) {
    return { now: 'the contact is gone', reason: 'GHL has it no more', youCan: 'make it again in GHL' };
  }
  if (edits.some(({ state }) => state === 'pending')) {
    const reason = edits.find(({ state }) => state === 'pending')?.lastError ?? 'its workflow writes it next';
    return { now: 'a change of ours is on its way', reason, youCan: NOTHING };
  }
  if (eventStatus === 'unknown-tenant') {
    return { now: 'kept', reason: 'nobody knows the location', youCan: 'cli locations add' };
  }
  if (eventStatus === 'ignored') {
    return { now: 'kept and ignored', reason: 'nothing follows from events of this type', youCan: 'do nothing' };
  }
  if (noLead) return { now: 'in step, and no lead', ...noLead };
  return { now: 'in step', reason: 'all that it asked for is done', youCan: 'do nothing' };
}
