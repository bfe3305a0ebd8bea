import { type Kysely, sql } from 'kysely';

/** What polling has seen of each location, what it found that no event told, and how far apart the two sides were. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    -- How far each pass over a resource is: everything a crash must not lose.
    create table poll_passes (
      agency_id uuid not null,
      location_id uuid not null,
      resource text not null check (resource in
        ('contact', 'opportunity', 'conversation', 'message', 'appointment', 'user', 'custom-field', 'pipeline')),
      kind text not null check (kind in ('delta', 'sweep')),
      -- Who has read an older one changes nothing.
      version integer not null default 0,
      due_at timestamptz not null,
      -- When it is due already if the location speaks meanwhile; null where that does not count.
      busy_due_at timestamptz,
      -- Of the round under way; null between rounds.
      started_at timestamptz,
      cursor jsonb,
      -- The newest change that the round has seen, by GHL's clock.
      reached timestamptz,
      repairs boolean,
      listed integer not null default 0,
      missing_here integer not null default 0,
      missing_there integer not null default 0,
      different integer not null default 0,
      -- All changes up to then were seen, by GHL's clock.
      watermark timestamptz,
      -- From then on events should have told of changes, by GHL's clock.
      watched_since timestamptz,
      finished_at timestamptz,
      last_change_at timestamptz,
      -- An operator wants a round, which repairs or only counts.
      asked_at timestamptz,
      asked_repairs boolean,
      failures integer not null default 0,
      last_error text,
      primary key (location_id, resource, kind),
      foreign key (agency_id, location_id) references locations (agency_id, id)
    );
    create index poll_passes_due on poll_passes (due_at);

    -- What a sweep has seen so far, a row a page; gone when it ends.
    create table sweep_pages (
      agency_id uuid not null,
      location_id uuid not null,
      resource text not null,
      page integer not null,
      ghl_ids text[] not null,
      primary key (location_id, resource, page),
      foreign key (agency_id, location_id) references locations (agency_id, id)
    );

    -- Changes that polling found and no event told.
    create table webhook_gaps (
      agency_id uuid not null,
      location_id uuid not null,
      resource text not null,
      ghl_id text not null,
      ghl_contact_id text not null,
      kind text not null check (kind in ('created', 'updated', 'deleted')),
      -- By GHL's clock; of a deletion, when it was found.
      changed_at timestamptz not null,
      found_at timestamptz not null,
      -- When an event told it after all.
      told_at timestamptz,
      primary key (location_id, resource, ghl_id, kind, changed_at),
      foreign key (agency_id, location_id) references locations (agency_id, id)
    );
    create index webhook_gaps_open on webhook_gaps (location_id, found_at) where told_at is null;

    -- How far apart the two sides were at the end of each sweep.
    create table drift_reports (
      id uuid primary key,
      agency_id uuid not null,
      location_id uuid not null,
      resource text not null,
      started_at timestamptz not null,
      finished_at timestamptz not null,
      -- Records here and in GHL's list.
      here integer not null,
      there integer not null,
      missing_here integer not null,
      missing_there integer not null,
      different integer not null,
      -- What of that stands after the repair.
      remaining integer not null,
      repairs boolean not null,
      foreign key (agency_id, location_id) references locations (agency_id, id)
    );
    create index drift_reports_newest on drift_reports (location_id, resource, finished_at desc);

    -- What an operator has set for a location; without a row sweeps repair.
    create table poll_settings (
      location_id uuid primary key,
      agency_id uuid not null,
      repairs boolean not null,
      foreign key (agency_id, location_id) references locations (agency_id, id)
    );

    do $$
    declare t text;
    begin
      foreach t in array array['poll_passes', 'sweep_pages', 'webhook_gaps', 'drift_reports', 'poll_settings'] loop
        execute format('alter table %I owner to switchyard_owner', t);
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy app_scope on %I to switchyard_app
          using (agency_id = scope_agency_id() and (scope_location_id() is null or location_id = scope_location_id()))', t);
        execute format('grant select, insert, update on %I to switchyard_app', t);
      end loop;
    end $$;
    grant delete on sweep_pages, webhook_gaps to switchyard_app;

    -- What polling found is stored as the event that did not come, in the transaction that writes what was found.
    grant insert on events to switchyard_app;

    -- Whose turn it is, among all tenants, and how they stand together.
    create policy upkeep_turns on poll_passes for select to switchyard_upkeep using (true);
    create policy upkeep_counts on webhook_gaps for select to switchyard_upkeep using (true);
    create policy upkeep_counts on drift_reports for select to switchyard_upkeep using (true);
    grant select (agency_id, location_id, resource, kind, due_at, busy_due_at, started_at, finished_at, failures, last_error)
      on poll_passes to switchyard_upkeep;
    grant select (location_id, resource, found_at, told_at) on webhook_gaps to switchyard_upkeep;
    grant select (location_id, resource, finished_at, remaining) on drift_reports to switchyard_upkeep;
    grant select (ghl_location_id, installed_at) on locations to switchyard_upkeep;
    grant select (agency_id, location_id, purpose) on installs to switchyard_upkeep;
  `,
    )
    .execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    revoke select (agency_id, location_id, purpose) on installs from switchyard_upkeep;
    revoke select (ghl_location_id, installed_at) on locations from switchyard_upkeep;
    revoke insert on events from switchyard_app;
    drop table poll_settings, drift_reports, webhook_gaps, sweep_pages, poll_passes;
  `,
    )
    .execute(db);
}
