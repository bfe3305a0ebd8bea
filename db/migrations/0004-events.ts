import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    -- One row a delivery. agency_id is null while nobody knows whose it is.
    create table events (
      id uuid not null,
      received_at timestamptz not null default now(),
      agency_id uuid,
      location_id uuid,
      source text not null check (source in ('ghl', 'ghl-workflow', 'api', 'poll')),
      event_id text not null,
      type text not null,
      status text not null check (status in ('accepted', 'ignored', 'unparseable', 'unknown-tenant')),
      ghl_location_id text,
      ghl_contact_id text,
      -- The record that it tells of; of a contact the same.
      ghl_record_id text,
      occurred_at timestamptz,
      -- Sealed; trimmed after its days, when only what the system has read of it remains.
      body bytea,
      primary key (received_at, id)
    ) partition by range (received_at);
    create index events_of_location on events (location_id, received_at);
    create index events_of_contact on events (ghl_contact_id, received_at) where ghl_contact_id is not null;
    create index events_of_record on events (ghl_record_id, received_at) where ghl_record_id is not null;

    -- Outlives the partitions: an event is taken once for ever.
    create table event_keys (
      source text not null,
      event_id text not null,
      event_row_id uuid not null,
      agency_id uuid,
      received_at timestamptz not null default now(),
      primary key (source, event_id)
    );

    -- What each capability still has to do with an event: the inbox that the relay drains.
    create table event_capabilities (
      sequence bigint generated always as identity primary key,
      -- The row of the event that asks for it, or the id of an operator's act.
      cause_id uuid not null,
      agency_id uuid not null,
      location_id uuid,
      -- Whose turn it is when the inbox is long: the location, or the agency where no location is concerned.
      fairness_key uuid not null,
      capability text not null check (capability in ('lead-intake', 'lead-follow-up', 'account-sync', 'agency-connect')),
      -- Events with the same key are handed over in order: a contact, a lead or a location.
      ordering_key text not null,
      workflow_id text not null,
      -- Small ids for the workflow; never a payload.
      input jsonb not null,
      -- 'known': what it was to bring into the mirror was there by then.
      state text not null check (state in ('pending', 'started', 'known', 'dead')),
      attempts integer not null default 0,
      due_at timestamptz not null,
      created_at timestamptz not null default now(),
      started_at timestamptz,
      last_error text,
      -- W3C's traceparent of what asked for it: ids and flags.
      traceparent text,
      unique (cause_id, capability, workflow_id)
    );
    create index event_capabilities_pending on event_capabilities (fairness_key, sequence) where state = 'pending';
    create index event_capabilities_order on event_capabilities (ordering_key, sequence) where state = 'pending';
    create index event_capabilities_dead on event_capabilities (ordering_key) where state = 'dead';

    -- Refused deliveries are counted by the hour, and the last few kept for the day GHL rotates its key.
    create table refused_deliveries (
      id uuid primary key,
      received_at timestamptz not null default now(),
      reason text not null,
      signature text,
      -- Of the request, that it can be told from others without being opened: no value of a header.
      path text,
      header_names text[],
      digest text,
      body_bytes integer,
      body bytea,
      -- When it was taken in after all, by a key that came later.
      taken_at timestamptz
    );
    create index refused_deliveries_recent on refused_deliveries (received_at);
    create table refused_delivery_counts (
      hour timestamptz not null,
      reason text not null,
      count bigint not null,
      primary key (hour, reason)
    );

    do $$
    declare t text;
    begin
      foreach t in array array['events', 'event_keys', 'event_capabilities', 'refused_deliveries', 'refused_delivery_counts'] loop
        execute format('alter table %I owner to switchyard_owner', t);
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
      end loop;
    end $$;
    insert into monthly_tables values ('events');

    create policy app_scope on events to switchyard_app
      using (agency_id = scope_agency_id() and (scope_location_id() is null or location_id = scope_location_id()));
    create policy app_scope on event_capabilities to switchyard_app
      using (agency_id = scope_agency_id() and (scope_location_id() is null or location_id = scope_location_id()));
    grant select on events to switchyard_app;
    -- A payload that GHL cut is completed from GHL.
    grant update (body) on events to switchyard_app;
    grant select, insert on event_capabilities to switchyard_app;

    create policy intake_writes on events for insert to switchyard_intake with check (true);
    create policy intake_writes on event_capabilities for insert to switchyard_intake with check (true);
    create policy intake_knows on event_keys to switchyard_intake using (true);
    create policy intake_counts on refused_deliveries to switchyard_intake using (true);
    create policy intake_counts on refused_delivery_counts to switchyard_intake using (true);
    grant insert on events, event_capabilities to switchyard_intake;
    grant select, insert, update on event_keys, refused_delivery_counts to switchyard_intake;
    grant select, insert, delete on refused_deliveries to switchyard_intake;

    -- Upkeep notices an account that has gone silent: from when events came, never from what they say.
    create policy upkeep_counts on events for select to switchyard_upkeep using (true);
    create policy upkeep_reads on locations for select to switchyard_upkeep using (true);
    grant select (location_id, received_at) on events to switchyard_upkeep;
    create policy upkeep_notes on locations for update to switchyard_upkeep using (true);
    grant select (id, agency_id, last_event_at, live_at, silent_since, silence_wanted_at), update (silent_since)
      on locations to switchyard_upkeep;

    -- The raw body of an event that still waits for its workflow stays, however old it is.
    create policy upkeep_waits on event_capabilities for select to switchyard_upkeep using (state = 'pending');
    grant select (cause_id, state) on event_capabilities to switchyard_upkeep;

    create policy relay_drains on event_capabilities to switchyard_relay using (true);
    grant select on event_capabilities to switchyard_relay;
    grant update (state, attempts, due_at, started_at, last_error) on event_capabilities to switchyard_relay;
  `,
    )
    .execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    delete from monthly_tables where name = 'events';
    revoke select (id, agency_id, last_event_at, live_at, silent_since, silence_wanted_at), update (silent_since)
      on locations from switchyard_upkeep;
    drop policy upkeep_notes on locations;
    drop policy upkeep_reads on locations;
    drop table refused_delivery_counts, refused_deliveries, event_capabilities, event_keys, events;
  `,
    )
    .execute(db);
}
