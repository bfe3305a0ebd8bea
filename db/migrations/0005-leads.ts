import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    -- Personal data of those who ask, in these few columns.
    create table persons (
      id uuid primary key,
      agency_id uuid not null references agencies,
      first_name text,
      last_name text,
      email text,
      phone text,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      unique (agency_id, id)
    );
    create index persons_by_email on persons (agency_id, email) where email is not null;
    create index persons_by_phone on persons (agency_id, phone) where phone is not null;

    create table leads (
      id uuid primary key,
      agency_id uuid not null references agencies,
      intake_location_id uuid not null,
      location_id uuid,
      rep_id uuid,
      person_id uuid,
      state text not null check (state in ('received', 'routing', 'assigned', 'accepted', 'queued', 'closed')),
      close_reason text,
      duplicate_of uuid,
      source text not null check (source in ('ghl', 'ghl-workflow', 'api', 'poll')),
      trigger_name text,
      event_row_id uuid not null,
      event_received_at timestamptz not null,
      source_contact_id text,
      vertical text,
      postcode text,
      -- Why there is no postcode: what cannot be read is not kept.
      postcode_reason text check (postcode_reason in ('ok', 'missing', 'malformed', 'unknown')),
      country text,
      requested_location_id uuid,
      score integer,
      score_factors jsonb,
      received_at timestamptz not null default now(),
      assigned_at timestamptz,
      accepted_at timestamptz,
      closed_at timestamptz,
      expires_at timestamptz,
      unique (agency_id, id),
      foreign key (agency_id, intake_location_id) references locations (agency_id, id),
      foreign key (agency_id, location_id) references locations (agency_id, id),
      foreign key (agency_id, rep_id) references reps (agency_id, id),
      foreign key (agency_id, person_id) references persons (agency_id, id),
      foreign key (agency_id, duplicate_of) references leads (agency_id, id),
      check ((state = 'closed') = (closed_at is not null))
    );
    -- A person has one open lead in an agency; whoever asks again meanwhile joins it.
    create unique index leads_one_open_per_person on leads (agency_id, person_id)
      where state <> 'closed' and person_id is not null;
    create index leads_newest on leads (agency_id, received_at desc, id desc);
    create index leads_of_location on leads (agency_id, location_id, received_at desc, id desc);
    create index leads_of_rep on leads (agency_id, rep_id) where state <> 'closed';
    create index leads_of_source_contact on leads (source_contact_id, agency_id) where source_contact_id is not null;

    -- Outlives the leads' rows: what made a lead once does not make another.
    create table lead_keys (
      agency_id uuid not null,
      key text not null,
      lead_id uuid not null,
      created_at timestamptz not null default now(),
      primary key (agency_id, key)
    );

    create table decisions (
      id uuid not null,
      decided_at timestamptz not null default now(),
      agency_id uuid not null,
      lead_id uuid not null,
      location_id uuid not null,
      rep_id uuid,
      kind text not null check (kind in ('route', 'reroute', 'reassign', 'ghl-reassign')),
      outcome text not null check (outcome in ('assigned', 'queued')),
      step text not null,
      reason text not null,
      rule_version text not null,
      inputs jsonb not null,
      candidates jsonb not null,
      primary key (decided_at, id)
    ) partition by range (decided_at);
    create index decisions_of_lead on decisions (lead_id, decided_at);

    create table assignments (
      id uuid primary key,
      agency_id uuid not null,
      lead_id uuid not null,
      location_id uuid not null,
      rep_id uuid,
      decision_id uuid not null,
      -- reserved holds the slot while GHL is written; active is what GHL shows; released is over.
      state text not null check (state in ('reserved', 'active', 'released')),
      ghl_contact_id text,
      ghl_note_id text,
      ghl_task_id text,
      ghl_opportunity_id text,
      reserved_at timestamptz not null default now(),
      assigned_at timestamptz,
      accepted_at timestamptz,
      first_touch_at timestamptz,
      released_at timestamptz,
      release_reason text,
      foreign key (agency_id, lead_id) references leads (agency_id, id),
      foreign key (agency_id, location_id) references locations (agency_id, id),
      foreign key (agency_id, rep_id) references reps (agency_id, id),
      check ((state = 'released') = (released_at is not null))
    );
    create unique index assignments_one_active on assignments (lead_id) where state = 'active';
    create unique index assignments_one_reserved on assignments (lead_id) where state = 'reserved';
    create index assignments_open_of_location on assignments (location_id) where state <> 'released';
    create index assignments_open_of_rep on assignments (rep_id) where state <> 'released';
    create index assignments_daily on assignments (location_id, reserved_at);
    create index assignments_of_lead on assignments (lead_id, reserved_at);
    create index assignments_of_contact on assignments (ghl_contact_id, agency_id) where ghl_contact_id is not null;
    create index assignments_of_opportunity on assignments (ghl_opportunity_id, agency_id) where ghl_opportunity_id is not null;

    create table lead_timeline (
      id uuid not null,
      at timestamptz not null default now(),
      agency_id uuid not null,
      lead_id uuid not null,
      kind text not null,
      detail jsonb not null default '{}',
      primary key (at, id)
    ) partition by range (at);
    create index lead_timeline_of_lead on lead_timeline (lead_id, at);

    create table dead_letters (
      id uuid primary key,
      created_at timestamptz not null default now(),
      agency_id uuid,
      location_id uuid,
      capability text not null,
      cause text not null,
      -- What an operator can do about it, in one sentence.
      advice text not null,
      subject_kind text not null,
      subject_id text not null,
      workflow_id text,
      resolved_at timestamptz,
      resolution text
    );
    -- The same work failing for the same cause is one letter, until somebody has dealt with it. A subject can be anything
    -- that came from outside: one tenant's letter keeps none of another's back.
    create unique index dead_letters_one_open on dead_letters (subject_id, cause, capability, agency_id)
      nulls not distinct where resolved_at is null;
    create index dead_letters_open on dead_letters (agency_id, created_at) where resolved_at is null;

    do $$
    declare t text;
    begin
      foreach t in array array['persons', 'leads', 'lead_keys', 'decisions', 'assignments', 'lead_timeline', 'dead_letters'] loop
        execute format('alter table %I owner to switchyard_owner', t);
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
      end loop;
    end $$;
    insert into monthly_tables values ('decisions'), ('lead_timeline');

    create policy app_scope on persons to switchyard_app
      using (agency_id = scope_agency_id() and (scope_location_id() is null or exists (
        select from leads where leads.person_id = persons.id and leads.agency_id = persons.agency_id)));
    create policy app_scope on leads to switchyard_app
      using (agency_id = scope_agency_id()
        and (scope_location_id() is null or scope_location_id() in (location_id, intake_location_id)));
    create policy app_scope on lead_keys to switchyard_app
      using (agency_id = scope_agency_id() and scope_location_id() is null);
    create policy app_scope on decisions to switchyard_app
      using (agency_id = scope_agency_id() and (scope_location_id() is null or location_id = scope_location_id()));
    create policy app_scope on assignments to switchyard_app
      using (agency_id = scope_agency_id() and (scope_location_id() is null or location_id = scope_location_id()));
    create policy app_scope on lead_timeline to switchyard_app
      using (agency_id = scope_agency_id() and (scope_location_id() is null or exists (
        select from leads where leads.id = lead_timeline.lead_id and leads.agency_id = lead_timeline.agency_id)));
    create policy app_scope on dead_letters to switchyard_app
      using (agency_id = scope_agency_id() and (scope_location_id() is null or location_id = scope_location_id()));

    grant select, insert, update on persons, leads, assignments, dead_letters to switchyard_app;
    grant select, insert on lead_keys, decisions, lead_timeline to switchyard_app;

    -- Intake makes the lead's row in the transaction that takes its event: what was answered 200 exists.
    create policy intake_makes on leads for insert to switchyard_intake with check (true);
    create policy intake_makes on lead_keys to switchyard_intake using (true);
    create policy intake_writes on dead_letters for insert to switchyard_intake with check (true);
    -- Whom an event of a contact or opportunity concerns.
    create policy intake_reads on leads for select to switchyard_intake using (state <> 'closed');
    create policy intake_reads on assignments for select to switchyard_intake using (true);
    grant insert on leads, dead_letters to switchyard_intake;
    grant select, insert on lead_keys to switchyard_intake;
    grant select (id, agency_id, state, source_contact_id) on leads to switchyard_intake;
    grant select (agency_id, location_id, lead_id, rep_id, ghl_contact_id, ghl_opportunity_id, state) on assignments to switchyard_intake;

    -- Upkeep trims the raw bodies of events that no unread lead needs any more.
    create policy upkeep_reads on leads for select to switchyard_upkeep using (true);
    grant select (event_row_id, state) on leads to switchyard_upkeep;
    -- It measures how long leads wait for a place, and leaves out those that wait for GHL.
    create index leads_unplaced on leads (received_at) where state in ('received', 'routing');
    grant select (id, agency_id, received_at) on leads to switchyard_upkeep;
    create policy upkeep_measures on assignments for select to switchyard_upkeep using (state = 'reserved');
    grant select (lead_id, agency_id, location_id, state) on assignments to switchyard_upkeep;
    create policy upkeep_trims on events for update to switchyard_upkeep using (true);
    grant select (id, body), update (body) on events to switchyard_upkeep;

    -- What belongs to no agency that is known, such as an event of an unknown location, is the operators'.
    create policy upkeep_reads on dead_letters for select to switchyard_upkeep using (agency_id is null);
    grant select on dead_letters to switchyard_upkeep;

    create policy relay_buries on dead_letters for insert to switchyard_relay with check (true);
    grant insert on dead_letters to switchyard_relay;
  `,
    )
    .execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    drop policy upkeep_trims on events;
    revoke select (id, body), update (body) on events from switchyard_upkeep;
    delete from monthly_tables where name in ('decisions', 'lead_timeline');
    drop table dead_letters, lead_timeline, assignments, decisions, lead_keys, leads, persons;
  `,
    )
    .execute(db);
}
