import { type Kysely, sql } from 'kysely';

/** Runs that bring what GHL held before into the mirror, and how far each location and resource of them is. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    create table backfill_runs (
      id uuid primary key,
      agency_id uuid not null references agencies,
      -- Set when the run covers this one location; null when it covers several.
      location_id uuid,
      -- What it was asked for: a location, a region or the master, with all below it.
      root_id uuid,
      resources text[] not null,
      -- Records made in this time, or appointments that start in it.
      from_at timestamptz,
      to_at timestamptz,
      names text not null check (names in ('exact', 'listed')),
      -- What people want of it now; its workflows look.
      wanted text not null default 'run' check (wanted in ('run', 'pause', 'cancel')),
      workflow_id text not null,
      made_by text not null,
      created_at timestamptz not null default now(),
      ended_at timestamptz,
      check (from_at is null or to_at is null or from_at < to_at),
      unique (agency_id, id),
      foreign key (agency_id, location_id) references locations (agency_id, id),
      foreign key (agency_id, root_id) references locations (agency_id, id)
    );
    create index backfill_runs_of_agency on backfill_runs (agency_id, created_at desc);

    create table backfill_parts (
      run_id uuid not null,
      agency_id uuid not null,
      location_id uuid not null,
      resource text not null check (resource in ('contact', 'conversation', 'opportunity', 'appointment', 'transaction')),
      state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
      wanted text not null default 'run' check (wanted in ('run', 'pause', 'cancel')),
      -- Null before the first step.
      step text,
      -- Where the step is: slices, each with GHL's cursor. Changed in the transaction that writes their records.
      progress jsonb not null default '{}',
      -- Of the step, in records.
      done integer not null default 0,
      total integer,
      active_seconds double precision not null default 0,
      -- Of all steps before the check.
      listed integer not null default 0,
      -- Judgements that were worth a write.
      written integer not null default 0,
      -- Found by the check, or left alone on purpose.
      missing integer not null default 0,
      different integer not null default 0,
      deleted integer not null default 0,
      left_to_poll integer not null default 0,
      -- What the check listed, and what the mirror holds after it.
      checked integer not null default 0,
      stored integer,
      cause text,
      started_at timestamptz,
      ended_at timestamptz,
      check ((state in ('waiting', 'running')) = (ended_at is null)),
      primary key (run_id, location_id, resource),
      foreign key (agency_id, run_id) references backfill_runs (agency_id, id),
      foreign key (agency_id, location_id) references locations (agency_id, id)
    );
    create index backfill_parts_of_location on backfill_parts (location_id, resource);

    do $$
    declare t text;
    begin
      foreach t in array array['backfill_runs', 'backfill_parts'] loop
        execute format('alter table %I owner to switchyard_owner', t);
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy app_scope on %I to switchyard_app
          using (agency_id = scope_agency_id() and (scope_location_id() is null or location_id = scope_location_id()))', t);
        execute format('grant select, insert, update on %I to switchyard_app', t);
      end loop;
    end $$;

    -- A run that is ordered starts as soon as Temporal is there.
    alter table event_capabilities drop constraint event_capabilities_capability_check;
    alter table event_capabilities add constraint event_capabilities_capability_check
      check (capability in ('lead-intake', 'lead-follow-up', 'account-sync', 'agency-connect', 'contact-sync', 'backfill'));

    -- In the order in which GHL lists them: what a list leaves out is looked for between two of its rows.
    create index messages_listed on messages (location_id, ghl_created_at);
    -- Partial, so that who looks for one record by its key is never led here while nothing is known of the table yet.
    create index mirror_records_listed on mirror_records (location_id, resource, ghl_created_at)
      where ghl_created_at is not null;
  `,
    )
    .execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    drop index mirror_records_listed, messages_listed;
    delete from event_capabilities where capability = 'backfill';
    alter table event_capabilities drop constraint event_capabilities_capability_check;
    alter table event_capabilities add constraint event_capabilities_capability_check
      check (capability in ('lead-intake', 'lead-follow-up', 'account-sync', 'agency-connect', 'contact-sync'));
    drop table backfill_parts, backfill_runs;
  `,
    )
    .execute(db);
}
