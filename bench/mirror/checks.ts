import { sql } from 'kysely';
import type { ChangeReport } from '../../simulator/changes/ledger.ts';
import { compareKind, type Difference, listMirror } from './comparison.ts';
import { findFalseDeletes, listMarks } from './deletions.ts';
import { type GapJudgement, judgeGaps } from './gaps.ts';
import { type Picture, pictureGhl } from './ghl-picture.ts';
import { groupBy } from './group.ts';
import type { ProofStack } from './stack.ts';
import type { ProofLocation, ProofWorld } from './world.ts';

/** What a run is to show; the problems name kinds and a few ids. */
export interface Check {
  what: string;
  passed: boolean;
  problems: string[];
}

/** Since when each kind of record is watched, by GHL's id of the location and the kind. */
export type Watched = ReadonlyMap<string, Date>;

const NAMED = 5;
const NOTHING: Picture = new Map();

export const toCheck = (what: string, problems: readonly Difference[]): Check => {
  const kinds = groupBy(problems, ({ resource, kind }) => `${resource} ${kind}`);
  const lines = [...kinds].map(
    ([kind, found]) =>
      `${found.length} × ${kind}: ${found
        .slice(0, NAMED)
        .map(({ ghlId }) => ghlId)
        .join(', ')}`,
  );
  return { what, passed: problems.length === 0, problems: lines };
};

/** What polling and backfills keep in step. */
const KEPT = [
  ...['contact', 'conversation', 'message', 'opportunity', 'appointment', 'user', 'custom-field', 'pipeline'],
] as const;
/** What is read when its event comes, and not polled. */
const TOLD = ['note', 'task'] as const;

export interface MirrorFindings {
  rows: Record<string, number>;
  differences: Difference[];
  /** Notes and tasks that are not as GHL has them although nothing of them was dropped. */
  told: Difference[];
  /** Notes and tasks that differ because their only event was dropped, or what happened to them has none. */
  untold: number;
}

/** Compares every location with GHL. */
export async function compareAll(
  { ownerDb, simulator }: ProofStack,
  { locations }: ProofWorld,
  report: ChangeReport,
): Promise<MirrorFindings> {
  const findings: MirrorFindings = { rows: {}, differences: [], told: [], untold: 0 };
  const dropped = new Set(report.webhooks.flatMap(({ dropped: isLost, recordId }) => (isLost ? [recordId] : [])));
  const removed = new Set(report.removed.map(({ id }) => id));
  const moved = new Set(report.changes.flatMap(({ kind, contactId }) => (kind === 'merge' ? [contactId] : [])));
  for (const { id, ghlId } of locations) {
    const [there, here] = [await pictureGhl(simulator, ghlId), await listMirror(ownerDb, id)];
    for (const resource of [...KEPT, ...TOLD]) {
      const rows = here[resource] ?? [];
      findings.rows[resource] = (findings.rows[resource] ?? 0) + rows.length;
      const found = compareKind(resource, there[resource] ?? NOTHING, rows);
      if (resource !== 'note' && resource !== 'task') findings.differences.push(...found);
      else {
        const owner = (ghlId: string) => there[resource]?.get(ghlId)?.contactId ?? '';
        const isUntold = (each: Difference) =>
          dropped.has(each.ghlId) || removed.has(each.ghlId) || moved.has(owner(each.ghlId));
        findings.told.push(...found.filter((each) => !isUntold(each)));
        findings.untold += found.filter(isUntold).length;
      }
    }
  }
  return findings;
}

/** Notes and tasks that one contact has twice in GHL: an effect of ours that was repeated. */
export async function findRepeatedEffects({ simulator }: ProofStack): Promise<Difference[]> {
  const [notes, tasks] = [await simulator.listNotes(), await simulator.listTasks()];
  const texts = [
    ...notes.map(({ contactId, body }) => ({ resource: 'note', ghlId: contactId, text: body })),
    ...tasks.map(({ contactId, title, body }) => ({ resource: 'task', ghlId: contactId, text: `${title}\n${body}` })),
  ];
  const groups = groupBy(texts, ({ resource, ghlId, text }) => `${resource}/${ghlId}/${text}`);
  return [...groups.values()].flatMap((found) =>
    found.length > 1 ? [{ resource: found[0]!.resource, kind: 'repeated', ghlId: found[0]!.ghlId }] : [],
  );
}

/** New contacts of the intake account that are there, or of which an event came, and have no lead. */
export async function findMissingLeads(
  { ownerDb, simulator }: ProofStack,
  { intake }: ProofWorld,
  report: ChangeReport,
): Promise<Difference[]> {
  const made = new Set(report.changes.flatMap(({ kind, contactId }) => (kind === 'create' ? [contactId] : [])));
  const creations = report.webhooks.filter(
    ({ type, locationId, contactId }) =>
      type === 'ContactCreate' && locationId === intake.ghlId && contactId !== null && made.has(contactId),
  );
  const there = new Set((await simulator.listContacts(intake.ghlId)).map(({ id }) => id));
  const leads = await ownerDb.selectFrom('leads').select('source_contact_id').execute();
  const known = new Set(leads.map((lead) => lead.source_contact_id));
  return creations.flatMap(({ contactId, dropped }) =>
    !known.has(contactId) && (!dropped || there.has(contactId!))
      ? [{ resource: 'lead', kind: 'missing', ghlId: contactId! }]
      : [],
  );
}

export async function checkDeletions(
  { ownerDb }: ProofStack,
  report: ChangeReport,
): Promise<{ marks: number; check: Check }> {
  const marks = await listMarks(ownerDb);
  const wrong = findFalseDeletes(marks, report.removed);
  const problems = wrong.map(({ resource, ghlId, removedAt }) => ({
    resource,
    kind: removedAt === null ? 'never-removed' : 'marked-before-removed',
    ghlId,
  }));
  const what = 'nothing was ever marked deleted before GHL had removed it';
  return { marks: marks.filter(({ act }) => act === 'deleted').length, check: toCheck(what, problems) };
}

export async function judgeReport(
  { ownerDb }: ProofStack,
  { agencyId, locations }: ProofWorld,
  report: ChangeReport,
  watched: Watched,
): Promise<GapJudgement> {
  const ghlIdOf = new Map(locations.map(({ id, ghlId }) => [id, ghlId]));
  const gaps = await ownerDb.selectFrom('webhook_gaps').selectAll().where('agency_id', '=', agencyId).execute();
  const known = await sql<{ record: string }>`
    select 'contact/' || ghl_id as record from contacts where agency_id = ${agencyId}
    union all select 'message/' || ghl_id from messages where agency_id = ${agencyId}
    union all select resource || '/' || ghl_id from mirror_records where agency_id = ${agencyId}
  `.execute(ownerDb);
  const records = new Set(known.rows.map(({ record }) => record));
  return judgeGaps({
    webhooks: report.webhooks,
    removed: report.removed,
    merges: report.changes.flatMap(({ kind, at, contactId }) =>
      kind === 'merge' ? [{ at, survivorId: contactId }] : [],
    ),
    reported: gaps.map((gap) => ({
      ghlLocationId: ghlIdOf.get(gap.location_id) ?? '',
      resource: gap.resource,
      ghlId: gap.ghl_id,
      contactId: gap.ghl_contact_id,
      kind: gap.kind,
      changedAt: gap.changed_at,
      toldAt: gap.told_at,
    })),
    watchedSince: (ghlLocationId, resource) => watched.get(`${ghlLocationId}/${resource}`) ?? null,
    wasKnown: (resource, ghlId) => records.has(`${resource}/${ghlId}`),
  });
}

export const checkGaps = (judgement: GapJudgement): Check[] => [
  toCheck(
    'the gap report names what was dropped',
    judgement.missed.map(({ type, recordId }) => ({ resource: type, kind: 'not named', ghlId: recordId })),
  ),
  toCheck(
    'the gap report names nothing else',
    judgement.unfounded.map(({ resource, kind, ghlId }) => ({ resource, kind, ghlId })),
  ),
];

/** What the last reconciliation of each location counted, which only looked. */
export function checkDrift(reports: readonly { location: ProofLocation; drift: Record<string, unknown>[] }[]): Check {
  const figures = ['missingHere', 'missingThere', 'different', 'remaining'] as const;
  const problems = reports.flatMap(({ location, drift }) => {
    const silent = KEPT.filter((resource) => !drift.some((each) => each['resource'] === resource));
    return [
      ...silent.map((resource) => ({ resource, kind: 'no report', ghlId: location.ghlId })),
      ...drift.flatMap((each) =>
        figures.flatMap((name) =>
          each[name] === 0 ? [] : [{ resource: String(each['resource']), kind: name, ghlId: location.ghlId }],
        ),
      ),
    ];
  });
  return toCheck('the last reconciliation of every location counts nothing', problems);
}
