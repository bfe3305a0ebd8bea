import { type Kysely, sql } from 'kysely';
import type { Database } from '../../db/schema.ts';
import type { Removal } from '../../simulator/changes/ledger.ts';

/** A row of the mirror that was marked deleted, or no longer deleted, at some moment. */
export interface NotedMark {
  locationId: string;
  resource: string;
  ghlId: string;
  act: 'deleted' | 'restored';
  at: Date;
}

/**
 * Lets the database itself note every mark of deletion in the mirror, by whoever it is made, when it is made: whatever
 * becomes of the row afterwards, the note stays. Needs the database's owner.
 */
export async function watchDeletions(ownerDb: Kysely<Database>): Promise<void> {
  await sql
    .raw(
      `
    create table proof_marks (
      location_id uuid not null, resource text not null, ghl_id text not null, act text not null,
      at timestamptz not null default clock_timestamp()
    );
    create function note_proof_mark() returns trigger language plpgsql security definer set search_path = public as $$
    declare was timestamptz := null;
    begin
      if tg_op = 'UPDATE' then was := old.deleted_at; end if;
      if (was is null) <> (new.deleted_at is null) then
        insert into proof_marks (location_id, resource, ghl_id, act) values (
          new.location_id,
          case tg_argv[0] when 'mirror_records' then to_jsonb(new) ->> 'resource' else tg_argv[0] end,
          coalesce(new.ghl_id, ''), case when new.deleted_at is null then 'restored' else 'deleted' end);
      end if;
      return null;
    end $$;
    create trigger note_proof_mark after insert or update on contacts
      for each row execute function note_proof_mark('contact');
    create trigger note_proof_mark after insert or update on messages
      for each row execute function note_proof_mark('message');
    create trigger note_proof_mark after insert or update on mirror_records
      for each row execute function note_proof_mark('mirror_records');
  `,
    )
    .execute(ownerDb);
}

/** All marks so far. */
export async function listMarks(ownerDb: Kysely<Database>): Promise<NotedMark[]> {
  const found = await sql<NotedMark>`
    select location_id as "locationId", resource, ghl_id as "ghlId", act, at from proof_marks order by at
  `.execute(ownerDb);
  return found.rows;
}

/** A mark of deletion that was wrong when it was made. */
export interface FalseDelete extends NotedMark {
  /** When GHL removed the record; null: it never did. */
  removedAt: string | null;
}

/**
 * Holds what was marked against what GHL really removed: a record is deleted rightly from the moment on at which it was
 * removed there, and its id never comes back, so that a later removal or an un-deletion excuses nothing. Both clocks are
 * this machine's.
 */
export function findFalseDeletes(marks: readonly NotedMark[], removed: readonly Removal[]): FalseDelete[] {
  const removedAt = new Map(removed.map(({ kind, id, at }) => [`${kind}/${id}`, at]));
  return marks
    .filter(({ act }) => act === 'deleted')
    .map((mark) => ({ ...mark, removedAt: removedAt.get(`${mark.resource}/${mark.ghlId}`) ?? null }))
    .filter(({ at, removedAt: truly }) => truly === null || at.getTime() < Date.parse(truly));
}
