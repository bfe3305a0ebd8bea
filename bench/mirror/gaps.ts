import type { Removal, WebhookFate } from '../../simulator/changes/ledger.ts';
import { groupBy } from './group.ts';

/** A change that the gap report names. */
export interface ReportedGap {
  /** GHL's id of the location. */
  ghlLocationId: string;
  resource: string;
  ghlId: string;
  contactId: string;
  kind: 'created' | 'updated' | 'deleted';
  changedAt: Date;
  toldAt: Date | null;
}

/** What the run knows for certain, none of it from the product's own idea of what a gap is. */
export interface GapEvidence {
  webhooks: readonly WebhookFate[];
  removed: readonly Removal[];
  /** When people merged two contacts, and which one was left. */
  merges: readonly { at: string; survivorId: string }[];
  reported: readonly ReportedGap[];
  /** From when on polling watches a kind of record in a location: before that it has nothing to compare with. */
  watchedSince: (ghlLocationId: string, resource: string) => Date | null;
  /** Whether the mirror has ever had a row of it. */
  wasKnown: (resource: string, ghlId: string) => boolean;
}

export interface GapJudgement {
  /** Dropped webhooks of what polling covers. */
  dropped: number;
  /** Of those: named by the report. */
  named: number;
  /** Of those: that nothing can or need name, by reason. */
  excused: Record<Excuse, number>;
  /** Of those: neither. */
  missed: { type: string; recordId: string; at: string }[];
  /** Open gaps of changes for which GHL sends nothing: what hung on a deleted contact, and what a merge moved. */
  silent: number;
  /** Open gaps that name nothing of all that. */
  unfounded: ReportedGap[];
}

type Excuse = 'before-watching' | 'record-told' | 'gone-since' | 'never-known';

/** Events and records name times that differ by so much at most: what the report itself allows for. */
const TOLERANCE_MS = 5_000;

/** What a dropped webhook kept from us. Notes and tasks are not polled: their loss is counted elsewhere. */
const TELLS: Record<string, { resource: string; kind: ReportedGap['kind'] }> = {
  ContactCreate: { resource: 'contact', kind: 'created' },
  ContactUpdate: { resource: 'contact', kind: 'updated' },
  ContactTagUpdate: { resource: 'contact', kind: 'updated' },
  ContactDndUpdate: { resource: 'contact', kind: 'updated' },
  ContactDelete: { resource: 'contact', kind: 'deleted' },
  OpportunityCreate: { resource: 'opportunity', kind: 'created' },
  OpportunityUpdate: { resource: 'opportunity', kind: 'updated' },
  OpportunityStageUpdate: { resource: 'opportunity', kind: 'updated' },
  OpportunityStatusUpdate: { resource: 'opportunity', kind: 'updated' },
  OpportunityMonetaryValueUpdate: { resource: 'opportunity', kind: 'updated' },
  OpportunityAssignedToUpdate: { resource: 'opportunity', kind: 'updated' },
  OpportunityDelete: { resource: 'opportunity', kind: 'deleted' },
  InboundMessage: { resource: 'message', kind: 'created' },
  OutboundMessage: { resource: 'message', kind: 'created' },
  AppointmentCreate: { resource: 'appointment', kind: 'created' },
  AppointmentUpdate: { resource: 'appointment', kind: 'updated' },
  AppointmentDelete: { resource: 'appointment', kind: 'deleted' },
};

/** A creation is news of the record as it is; an end is told by nothing but itself. */
const isToldBy = (lost: ReportedGap['kind'], told: ReportedGap['kind']): boolean =>
  lost === told || (lost === 'updated' && told === 'created');

/**
 * Judges the gap report. Every dropped webhook has to be named by an open gap of its record that covers its time, unless
 *
 * - it was dropped before polling watched that kind of record there;
 * - a webhook that was delivered told of the same record at that time or later: it is read then as it is, with what was
 *   lost before. The end of a record is told by nothing but itself;
 * - the record was removed before it could be listed, so that a list can at most lack it;
 * - it told the end of a record that the mirror never had.
 *
 * A gap is founded when a webhook of its record was dropped up to its time. GHL sends no webhook for what goes with a deleted
 * contact or comes to another by a merge: such a gap is true, and counted apart.
 */
export function judgeGaps(evidence: GapEvidence): GapJudgement {
  const open = evidence.reported.filter(({ toldAt }) => toldAt === null);
  const gapsOf = groupBy(open, ({ resource, ghlId }) => `${resource}/${ghlId}`);
  const told = groupBy(
    evidence.webhooks.filter(({ dropped, type }) => !dropped && TELLS[type] !== undefined),
    ({ type, recordId }) => `${TELLS[type]!.resource}/${recordId}`,
  );
  const removedAt = new Map(evidence.removed.map(({ kind, id, at }) => [`${kind}/${id}`, Date.parse(at)]));
  const judgement: GapJudgement = {
    dropped: 0,
    named: 0,
    excused: { 'before-watching': 0, 'record-told': 0, 'gone-since': 0, 'never-known': 0 },
    missed: [],
    silent: 0,
    unfounded: [],
  };
  const firstDropMs = new Map<string, number>();
  for (const lost of evidence.webhooks) {
    const { type, recordId, locationId, at } = lost;
    const tells = TELLS[type];
    if (!lost.dropped || !tells || recordId === null || locationId === null) continue;
    const { resource, kind } = tells;
    const record = `${resource}/${recordId}`;
    const atMs = Date.parse(at);
    judgement.dropped += 1;
    firstDropMs.set(record, Math.min(atMs, firstDropMs.get(record) ?? Infinity));
    const covering = gapsOf.get(record) ?? [];
    if (covering.some((gap) => gap.changedAt.getTime() >= atMs - TOLERANCE_MS && isToldBy(kind, gap.kind))) {
      judgement.named += 1;
      continue;
    }
    const excuse = excuseOf({ resource, kind, recordId, locationId, atMs });
    if (excuse) judgement.excused[excuse] += 1;
    else judgement.missed.push({ type, recordId, at });
  }
  const mergedAt = groupBy(evidence.merges, ({ survivorId }) => survivorId);
  for (const gap of open) {
    const record = `${gap.resource}/${gap.ghlId}`;
    const moved = (mergedAt.get(gap.contactId) ?? []).some(
      ({ at }) => Math.abs(Date.parse(at) - gap.changedAt.getTime()) <= TOLERANCE_MS,
    );
    if ((firstDropMs.get(record) ?? Infinity) <= gap.changedAt.getTime() + TOLERANCE_MS) continue;
    if (gap.resource !== 'contact' && (moved || (gap.kind === 'deleted' && removedAt.has(record))))
      judgement.silent += 1;
    else judgement.unfounded.push(gap);
  }
  return judgement;

  function excuseOf(lost: Lost): Excuse | undefined {
    const { resource, kind, recordId, locationId, atMs } = lost;
    const since = evidence.watchedSince(locationId, resource);
    if (since === null || atMs <= since.getTime()) return 'before-watching';
    const later = (told.get(`${resource}/${recordId}`) ?? []).filter(
      (other) => Date.parse(other.at) >= atMs - TOLERANCE_MS,
    );
    const tellsOfRecord = (other: WebhookFate) => (kind === 'deleted') === (TELLS[other.type]!.kind === 'deleted');
    if (later.some(tellsOfRecord)) return 'record-told';
    if (kind !== 'deleted') return removedAt.has(`${resource}/${recordId}`) ? 'gone-since' : undefined;
    return evidence.wasKnown(resource, recordId) ? undefined : 'never-known';
  }
}

/** A dropped webhook of what polling covers. */
interface Lost {
  resource: string;
  kind: ReportedGap['kind'];
  recordId: string;
  locationId: string;
  atMs: number;
}
