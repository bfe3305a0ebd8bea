import { type Kysely, sql } from 'kysely';

/** Dead letters of every capability in one place: found by filter, redriven, discarded with a reason. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    -- Free text can name a person: it stands here, where it can be erased, and not in the audit log.
    alter table dead_letters add column discard_reason text;
    alter table dead_letters add constraint dead_letters_discarded_with_reason
      check ((resolution is not distinct from 'discarded') = (discard_reason is not null));
    create index dead_letters_discarded on dead_letters (subject_id, cause) where resolution = 'discarded';
    create index dead_letters_newest on dead_letters (agency_id, id desc);

    -- An operator's redrive puts what was buried back at its old place in the inbox.
    grant update (state, attempts, due_at) on event_capabilities to switchyard_app;

    -- Upkeep counts what is open, and tells of workflows that do not get on, whosever they are, and settles that. What an
    -- operator wrote it does not read.
    create policy upkeep_watches on dead_letters for select to switchyard_upkeep
      using (resolved_at is null or subject_kind = 'workflow');
    create policy upkeep_reports on dead_letters for insert to switchyard_upkeep with check (subject_kind = 'workflow');
    create policy upkeep_settles on dead_letters for update to switchyard_upkeep using (subject_kind = 'workflow');
    revoke select on dead_letters from switchyard_upkeep;
    grant select (id, created_at, agency_id, location_id, capability, cause, advice, subject_kind, subject_id, workflow_id,
      resolved_at, resolution) on dead_letters to switchyard_upkeep;
    grant insert, update (resolved_at, resolution) on dead_letters to switchyard_upkeep;

    -- What no agency is known for is the business of those who run the platform.
    create policy operators_look_after on dead_letters to switchyard_operators
      using (agency_id is null) with check (agency_id is null);
    grant select, update (resolved_at, resolution, discard_reason) on dead_letters to switchyard_operators;
  `,
    )
    .execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    revoke select, update (resolved_at, resolution, discard_reason) on dead_letters from switchyard_operators;
    drop policy operators_look_after on dead_letters;
    revoke insert, update (resolved_at, resolution) on dead_letters from switchyard_upkeep;
    revoke select (id, created_at, agency_id, location_id, capability, cause, advice, subject_kind, subject_id, workflow_id,
      resolved_at, resolution) on dead_letters from switchyard_upkeep;
    grant select on dead_letters to switchyard_upkeep;
    drop policy upkeep_settles on dead_letters;
    drop policy upkeep_reports on dead_letters;
    drop policy upkeep_watches on dead_letters;
    revoke update (state, attempts, due_at) on event_capabilities from switchyard_app;
    drop index dead_letters_newest;
    drop index dead_letters_discarded;
    alter table dead_letters drop constraint dead_letters_discarded_with_reason;
    alter table dead_letters drop column discard_reason;
  `,
    )
    .execute(db);
}
