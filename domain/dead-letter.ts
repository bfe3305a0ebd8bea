/** The part of the system whose work stopped. */
export const DEAD_LETTER_CAPABILITIES = [
  'event-intake',
  'lead-intake',
  'lead-follow-up',
  'account-sync',
  'agency-connect',
  'credential-rotation',
  'contact-sync',
  'poll-sync',
  'backfill',
  'notification',
  'upkeep',
] as const;
export type DeadLetterCapability = (typeof DEAD_LETTER_CAPABILITIES)[number];

/** How work that stopped is set going again. */
export type RedriveWay =
  | 'lead'
  | 'inbox'
  | 'read-event'
  | 'account-event'
  | 'install-event'
  | 'read-record'
  | 'contact-edits'
  | 'contact-merge'
  | 'check-fields'
  | 'poll-pass'
  | 'backfill'
  | 'notice';

/** Why work is not set going again from its letter. */
export type NoRedrive =
  | 'no-agency'
  | 'add-the-account'
  | 'ask-again'
  | 'reassign'
  | 'tell-by-hand'
  | 'connect-again'
  | 'make-another-link'
  | 'bring-it-again'
  | 'contact-gone'
  | 'mend-the-endpoint'
  | 'not-named'
  | 'mend-the-code'
  | 'look-at-it';

interface Kind {
  /** Whether the code of what went wrong follows the head, after a colon. */
  hasDetail: boolean;
  subject: string;
  redrive: RedriveWay | { not: NoRedrive };
}

/**
 * Every kind of dead letter, by how its cause begins. What writes a letter takes its cause from here, which the compiler
 * checks: a new kind says here what an operator can do about it.
 */
export const DEAD_LETTER_KINDS = {
  // Intake and the inbox.
  unparseable: { hasDetail: true, subject: 'event', redrive: 'read-event' },
  'unknown-tenant': { hasDetail: false, subject: 'ghl-account', redrive: { not: 'add-the-account' } },
  handover: { hasDetail: true, subject: 'event', redrive: 'inbox' },
  // Leads.
  stuck: { hasDetail: false, subject: 'lead', redrive: 'lead' },
  unroutable: { hasDetail: true, subject: 'lead', redrive: 'lead' },
  step: { hasDetail: true, subject: 'lead', redrive: { not: 'ask-again' } },
  placement: { hasDetail: true, subject: 'lead', redrive: { not: 'reassign' } },
  untold: { hasDetail: true, subject: 'lead', redrive: { not: 'tell-by-hand' } },
  // Accounts and their authority.
  event: { hasDetail: true, subject: 'event', redrive: 'account-event' },
  reread: { hasDetail: true, subject: 'event', redrive: 'account-event' },
  install: { hasDetail: true, subject: 'location', redrive: 'install-event' },
  'needs-reauth': { hasDetail: true, subject: 'install', redrive: { not: 'connect-again' } },
  // Of a location, or of the agency itself, by whichever id: one letter, however often a new token is brought. `NeverEnded`: of
  // a trial that upkeep has ended after a week.
  rotation: { hasDetail: true, subject: 'credential', redrive: { not: 'bring-it-again' } },
  connect: { hasDetail: true, subject: 'connect-link', redrive: { not: 'make-another-link' } },
  // Contacts and the mirror.
  read: { hasDetail: true, subject: 'record', redrive: 'read-record' },
  'read-refused': { hasDetail: true, subject: 'location', redrive: { not: 'connect-again' } },
  edit: { hasDetail: true, subject: 'contact', redrive: 'contact-edits' },
  merge: { hasDetail: true, subject: 'contact-merge', redrive: 'contact-merge' },
  'field-drift': { hasDetail: true, subject: 'field-mapping', redrive: 'check-fields' },
  poll: { hasDetail: true, subject: 'poll-pass', redrive: 'poll-pass' },
  part: { hasDetail: true, subject: 'backfill', redrive: 'backfill' },
  // Notices.
  notice: { hasDetail: true, subject: 'notice-delivery', redrive: 'notice' },
  'webhook-endpoint': { hasDetail: true, subject: 'webhook-endpoint', redrive: { not: 'mend-the-endpoint' } },
  // Workflows, whatever they are for.
  'workflow-task-failing': { hasDetail: true, subject: 'workflow', redrive: { not: 'mend-the-code' } },
  'running-long': { hasDetail: false, subject: 'workflow', redrive: { not: 'look-at-it' } },
} as const satisfies Record<string, Kind>;

type Kinds = typeof DEAD_LETTER_KINDS;
export type DeadLetterHead = keyof Kinds;

/** A stable code of what went wrong: the head of its kind and, after colons, what is particular. */
export type DeadLetterCause = {
  [Head in DeadLetterHead]: Kinds[Head]['hasDetail'] extends true ? `${Head}:${string}` : Head;
}[DeadLetterHead];

export type DeadLetterSubject = Kinds[DeadLetterHead]['subject'];

/** What of a letter decides about its redrive. */
export interface JudgedLetter {
  agencyId: string | null;
  cause: string;
  subject: { kind: string; id: string };
}

export type RedriveDecision =
  { isRedrivable: true; way: RedriveWay; reason: string } | { isRedrivable: false; why: NoRedrive; reason: string };

const WAYS: Record<RedriveWay, string> = {
  lead: 'its workflow goes on, or begins anew: what is done already is not done again',
  inbox: 'what was buried of it goes to Temporal once more, in its old order',
  'read-event': 'the event that was kept is read again, by what this version understands',
  'account-event': 'the event goes to its account’s workflow once more',
  'install-event': 'the INSTALL goes to its account’s workflow once more, which asks GHL for a token',
  'read-record': 'the record is read from GHL again',
  'contact-edits': 'what GHL did not take of the contact is written again',
  'contact-merge': 'the merge goes on where it stopped',
  'check-fields':
    'the location is asked for its custom fields: the letter is settled when they are as they were mapped',
  'poll-pass': 'the pass is due now',
  backfill: 'another run reads this resource of the location: what is in the mirror is not written again',
  notice: 'the notice is sent once more to the one whom it did not reach',
};

const WHYS: Record<NoRedrive, string> = {
  'no-agency': 'no agency is known for it: add its account, then have GHL deliver again',
  'add-the-account': 'the account has to be added first; then GHL delivers again from its log of webhooks',
  'ask-again': 'whoever asked for the step asks again when the cause is mended',
  reassign: 'the lead has gone to its next fallback: reassign it when the location is mended',
  'tell-by-hand': 'the rep is told by hand: a second note or task might be one too many',
  'connect-again': 'a person has to connect it again; what waits goes on by itself then',
  'make-another-link': 'a link works once: make another',
  'bring-it-again':
    'the credential that was there stands: the new token is brought once more when the cause is mended (credentials rotate)',
  'contact-gone': 'GHL has the contact no more; should it have it again, contacts redrive tries',
  'mend-the-endpoint':
    'its receiver is mended first: then webhooks enable, and webhooks redeliver for what is still wanted',
  'not-named': 'the letter does not tell what it is about',
  'mend-the-code':
    'Temporal tries again by itself, and goes on as soon as a worker can do it: mend the code or roll it back',
  'look-at-it': 'nobody knows what it waits for: look at its history',
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Of subjects more is not kept. */
const SUBJECT_LENGTH = 100;

/**
 * Whether those who hear of dead letters are told of one. Of a notice that did not get out they are not: that would be a
 * loop. Of an endpoint that takes nothing the others are, and it itself never (`chooseRecipients`).
 */
export const isToldOf = (letter: {
  agencyId: string | null;
  capability: DeadLetterCapability;
  subject: { kind: DeadLetterSubject };
}): boolean =>
  letter.agencyId !== null && (letter.capability !== 'notification' || letter.subject.kind === 'webhook-endpoint');

/** How the cause of a letter begins; undefined for one that no writer of this version uses. */
export function headOf(cause: string): DeadLetterHead | undefined {
  const [head = ''] = cause.split(':');
  return Object.hasOwn(DEAD_LETTER_KINDS, head) ? (head as DeadLetterHead) : undefined;
}

/** The heads of those letters that can be redriven at all. */
export const REDRIVABLE_HEADS: readonly DeadLetterHead[] = (Object.keys(DEAD_LETTER_KINDS) as DeadLetterHead[]).filter(
  (head) => typeof DEAD_LETTER_KINDS[head].redrive === 'string',
);

/** Decides whether work can be set going again from its letter, and how. */
export function judgeRedrive({ agencyId, cause, subject }: JudgedLetter): RedriveDecision {
  const not = (why: NoRedrive): RedriveDecision => ({ isRedrivable: false, why, reason: WHYS[why] });
  if (agencyId === null) return not('no-agency');
  const head = headOf(cause);
  if (head === undefined || DEAD_LETTER_KINDS[head].subject !== subject.kind) return not('not-named');
  const { redrive } = DEAD_LETTER_KINDS[head] as Kind;
  if (typeof redrive === 'object') return not(redrive.not);
  if (cause === 'edit:contact-gone') return not('contact-gone');
  return isNamed(redrive, subject.id) ? { isRedrivable: true, way: redrive, reason: WAYS[redrive] } : not('not-named');
}

/** Whether the subject tells enough: what came from a signal can name anything, and long ids are cut. */
function isNamed(way: RedriveWay, subjectId: string): boolean {
  switch (way) {
    case 'read-record':
      return subjectId.includes(':') && subjectId.length < SUBJECT_LENGTH;
    case 'check-fields':
    case 'poll-pass':
    case 'backfill':
      return UUID.test(subjectId.slice(0, 36));
    default:
      return UUID.test(subjectId);
  }
}

/** Open: waits for an operator. Resolved: redriven, or it settled itself. Discarded: an operator wants no more of it. */
export const DEAD_LETTER_STATES = ['open', 'resolved', 'discarded'] as const;
export type DeadLetterState = (typeof DEAD_LETTER_STATES)[number];

/** The resolution of a letter that an operator has discarded. */
export const DISCARDED = 'discarded';
/** The resolution of one whose work was set going again. */
export const REDRIVEN = 'redriven';

export function stateOfLetter(letter: { resolved_at: Date | null; resolution: string | null }): DeadLetterState {
  if (letter.resolved_at === null) return 'open';
  return letter.resolution === DISCARDED ? 'discarded' : 'resolved';
}
