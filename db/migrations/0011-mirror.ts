import { type Kysely, sql } from 'kysely';

/** What GHL holds, as we last saw it. The same columns say so in all three tables; only what names a row differs. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const observed = `
      -- As GHL showed it; the only column with personal data.
      fields jsonb not null,
      -- GHL's own times; which of two views is newer is told by them where GHL tells them at all.
      ghl_updated_at timestamptz,
      -- When GHL looked like this, by our clock.
      observed_at timestamptz not null,
      found_by text not null check (found_by in ('event', 'poll', 'backfill', 'edit')),
      found_at timestamptz not null default now(),
      -- Not listed any more, and not yet known to be gone.
      missing_since timestamptz,
      deleted_at timestamptz`;
  await sql
    .raw(
      `
    create table contacts (
      id uuid primary key default gen_random_uuid(),
      agency_id uuid not null,
      location_id uuid not null,
      -- Null until GHL has a contact that was made here.
      ghl_id text,
      ghl_created_at timestamptz,
      -- False while it was only found in a list, which has names in lower case.
      is_exact boolean not null default true,
      ${observed},
      email text generated always as (lower(fields ->> 'email')) stored,
      phone text generated always as (fields ->> 'phone') stored,
      unique (agency_id, id),
      unique (location_id, ghl_id),
      foreign key (agency_id, location_id) references locations (agency_id, id)
    );
    create index contacts_by_email on contacts (location_id, email) where email is not null;
    create index contacts_by_phone on contacts (location_id, phone) where phone is not null;
    create index contacts_listed on contacts (location_id, ghl_created_at, id);
    create index contacts_to_read on contacts (location_id, id) where not is_exact and deleted_at is null;

    create table messages (
      agency_id uuid not null,
      location_id uuid not null,
      ghl_id text not null,
      ghl_contact_id text,
      -- When it was sent or came; it never changes, so that it may stand in the key.
      ghl_created_at timestamptz not null,
      ${observed},
      primary key (location_id, ghl_id, ghl_created_at),
      foreign key (agency_id, location_id) references locations (agency_id, id)
    ) partition by range (ghl_created_at);
    create index messages_of_contact on messages (location_id, ghl_contact_id, ghl_created_at);

    -- All that is kept of an opportunity, to be compared with what an event tells of it (api/ghl-record.ts).
    create function opportunity_digest(contact_id text, fields jsonb) returns text
      language sql immutable parallel safe as $$
      select encode(sha256(convert_to(concat_ws(chr(31), coalesce(contact_id, ''), coalesce(fields ->> 'name', ''),
        coalesce(fields ->> 'pipelineId', ''), coalesce(fields ->> 'pipelineStageId', ''), coalesce(fields ->> 'status', ''),
        coalesce(fields ->> 'monetaryValue', ''), coalesce(fields ->> 'assignedTo', ''), coalesce(fields ->> 'source', '')),
        'UTF8')), 'hex') $$;

    -- Everything else that GHL holds, a row each.
    create table mirror_records (
      agency_id uuid not null,
      location_id uuid not null,
      resource text not null check (resource in
        ('conversation', 'opportunity', 'appointment', 'note', 'task', 'user', 'custom-field', 'pipeline', 'transaction')),
      ghl_id text not null,
      ghl_contact_id text,
      ghl_created_at timestamptz,
      ${observed},
      digest text generated always as
        (case resource when 'opportunity' then opportunity_digest(ghl_contact_id, fields) end) stored,
      primary key (location_id, resource, ghl_id),
      foreign key (agency_id, location_id) references locations (agency_id, id)
    );
    create index mirror_records_of_contact on mirror_records (location_id, ghl_contact_id) where ghl_contact_id is not null;

    do $$
    declare t text;
    begin
      foreach t in array array['contacts', 'messages', 'mirror_records'] loop
        execute format('alter table %I owner to switchyard_owner', t);
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        -- Asked once for a statement, and so that the planner does not look the value up: of a tenant that came since it
        -- counted last it would believe that there is nothing, and read all of it for each record.
        execute format('create policy app_scope on %I to switchyard_app
          using (agency_id = (select scope_agency_id())
            and ((select scope_location_id()) is null or location_id = (select scope_location_id())))', t);
        execute format('grant select, insert, update on %I to switchyard_app', t);
      end loop;
    end $$;
    -- History goes back for years: what is older than the first monthly partition stands in one.
    do $$
    begin
      execute format('create table messages_past partition of messages for values from (minvalue) to (%L)',
        date_trunc('month', now(), 'UTC'));
    end $$;
    alter table messages_past owner to switchyard_owner;
    insert into monthly_tables values ('messages', date_trunc('month', now() at time zone 'UTC')::date);
    select ensure_month_partitions((now() at time zone 'UTC')::date, 12);

    -- An event of a record that we have just made tells nothing where the mirror has it.
    create policy relay_knows on contacts for select to switchyard_relay using (true);
    create policy relay_knows on mirror_records for select to switchyard_relay using (true);
    grant select (location_id, ghl_id, is_exact, deleted_at) on contacts to switchyard_relay;
    grant select (location_id, resource, ghl_id, ghl_created_at, found_by, digest, deleted_at) on mirror_records to switchyard_relay;

    -- What makes leads goes before what keeps the mirror; events of one record that wait together are handed over once.
    alter table event_capabilities add column priority integer not null default 0;
    create unique index event_capabilities_gathered on event_capabilities (workflow_id, (input -> 'change'))
      where capability = 'contact-sync' and state = 'pending' and attempts = 0;
    drop index event_capabilities_pending;
    create index event_capabilities_pending on event_capabilities (fairness_key, priority, sequence) where state = 'pending';
    alter table event_capabilities drop constraint event_capabilities_capability_check;
    alter table event_capabilities add constraint event_capabilities_capability_check
      check (capability in ('lead-intake', 'lead-follow-up', 'account-sync', 'agency-connect', 'contact-sync'));
  `,
    )
    .execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    delete from event_capabilities where capability = 'contact-sync';
    alter table event_capabilities drop constraint event_capabilities_capability_check;
    alter table event_capabilities add constraint event_capabilities_capability_check
      check (capability in ('lead-intake', 'lead-follow-up', 'account-sync', 'agency-connect'));
    drop index event_capabilities_pending;
    create index event_capabilities_pending on event_capabilities (fairness_key, sequence) where state = 'pending';
    drop index event_capabilities_gathered;
    alter table event_capabilities drop column priority;
    delete from monthly_tables where name = 'messages';
    drop table mirror_records, messages, contacts;
    drop function opportunity_digest;
  `,
    )
    .execute(db);
}
