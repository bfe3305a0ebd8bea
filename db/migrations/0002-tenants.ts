import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    create table agencies (
      id uuid primary key,
      name text not null,
      ghl_company_id text unique,
      created_at timestamptz not null default now()
    );

    create table locations (
      id uuid primary key,
      agency_id uuid not null references agencies,
      parent_id uuid,
      kind text not null check (kind in ('master', 'region', 'location')),
      name text not null,
      ghl_location_id text unique,
      -- A ContactCreate here after live_at is a lead; master and region accounts are intake accounts by default.
      is_intake boolean not null,
      live_at timestamptz,
      installed_at timestamptz,
      postcode text,
      country text check (country in ('US', 'CA')),
      latitude double precision,
      longitude double precision,
      time_zone text not null default 'UTC',
      verticals text[] not null default '{}',
      radius_km double precision check (radius_km > 0),
      max_open_leads integer check (max_open_leads >= 0),
      daily_cap integer check (daily_cap >= 0),
      pipeline_id text,
      pipeline_stage_id text,
      lead_max_age_seconds integer not null default 2592000 check (lead_max_age_seconds > 0),
      last_event_at timestamptz,
      -- Its last event, where it has been found silent since; and when an operator said that it is to be silent.
      silent_since timestamptz,
      silence_wanted_at timestamptz,
      created_at timestamptz not null default now(),
      unique (agency_id, id),
      foreign key (agency_id, parent_id) references locations (agency_id, id),
      check ((kind = 'master') = (parent_id is null))
    );
    create unique index locations_one_master on locations (agency_id) where kind = 'master';

    create table reps (
      id uuid primary key,
      agency_id uuid not null,
      location_id uuid not null,
      ghl_user_id text not null,
      name text not null,
      email text,
      status text not null check (status in ('active', 'suspended', 'removed')),
      weight integer not null default 1 check (weight >= 0),
      -- Where the rep stands in the location's weighted rotation.
      rotation_pass double precision not null default 0,
      max_open_leads integer check (max_open_leads >= 0),
      daily_cap integer check (daily_cap >= 0),
      -- When GHL last made or removed the user, and when it last told their name: its events come late and in any order.
      standing_at timestamptz,
      told_at timestamptz,
      created_at timestamptz not null default now(),
      unique (agency_id, id),
      unique (location_id, ghl_user_id),
      foreign key (agency_id, location_id) references locations (agency_id, id)
    );
    create index reps_by_ghl_user on reps (agency_id, ghl_user_id);

    create table api_keys (
      id uuid primary key,
      agency_id uuid not null references agencies,
      location_id uuid,
      -- 'webhook' is the secret of GHL's workflow action "custom webhook": it may only post there.
      role text not null check (role in ('agency', 'location', 'webhook')),
      name text not null,
      hash bytea not null unique,
      created_at timestamptz not null default now(),
      expires_at timestamptz,
      revoked_at timestamptz,
      foreign key (agency_id, location_id) references locations (agency_id, id),
      check ((role = 'agency') = (location_id is null))
    );

    create table installs (
      id uuid primary key,
      agency_id uuid not null references agencies,
      location_id uuid,
      -- An agency has two: an app made for sub-accounts works in its locations, one made for agencies makes new ones.
      purpose text not null default 'locations' check (purpose in ('locations', 'provisioning')),
      kind text not null check (kind in ('oauth', 'pit')),
      user_type text not null check (user_type in ('Company', 'Location')),
      scopes text[] not null default '{}',
      status text not null check (status in ('active', 'needs_reauth', 'uninstalled')),
      status_reason text,
      -- GHL says that the location is not active: nothing is sent until then.
      paused_until timestamptz,
      access_token bytea not null,
      refresh_token bytea,
      expires_at timestamptz,
      token_version integer not null default 1,
      lease_owner text,
      lease_until timestamptz,
      installed_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      foreign key (agency_id, location_id) references locations (agency_id, id),
      check (purpose = 'locations' or location_id is null)
    );
    create unique index installs_of_agency on installs (agency_id, purpose) where location_id is null;
    create unique index installs_of_location on installs (location_id) where location_id is not null;

    create table lead_triggers (
      id uuid primary key,
      agency_id uuid not null,
      location_id uuid not null,
      name text not null check (name ~ '^[a-z0-9-]{1,40}$'),
      kind text not null check (kind in ('tag', 'field')),
      -- The tag, or the id of the custom field.
      subject text not null,
      -- For a field: the value that triggers; null for any value.
      value text,
      created_at timestamptz not null default now(),
      unique (agency_id, id),
      unique (location_id, name),
      foreign key (agency_id, location_id) references locations (agency_id, id)
    );
    -- What a contact last looked like to a trigger: only the step from absent to present asks for a lead.
    create table lead_trigger_states (
      trigger_id uuid not null,
      agency_id uuid not null,
      ghl_contact_id text not null,
      matched boolean not null,
      occurrence integer not null default 0,
      observed_at timestamptz not null,
      primary key (trigger_id, ghl_contact_id),
      foreign key (agency_id, trigger_id) references lead_triggers (agency_id, id) on delete cascade
    );

    do $$
    declare t text;
    begin
      foreach t in array array['agencies', 'locations', 'reps', 'api_keys', 'installs', 'lead_triggers', 'lead_trigger_states'] loop
        execute format('alter table %I owner to switchyard_owner', t);
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
      end loop;
    end $$;

    create policy app_scope on agencies to switchyard_app using (id = scope_agency_id());
    create policy app_scope on locations to switchyard_app
      using (agency_id = scope_agency_id() and (scope_location_id() is null or id = scope_location_id()));
    create policy app_scope on reps to switchyard_app
      using (agency_id = scope_agency_id() and (scope_location_id() is null or location_id = scope_location_id()));
    create policy app_scope on api_keys to switchyard_app
      using (agency_id = scope_agency_id() and scope_location_id() is null);
    create policy app_scope on installs to switchyard_app
      using (agency_id = scope_agency_id() and (scope_location_id() is null or location_id = scope_location_id()));
    create policy app_scope on lead_triggers to switchyard_app
      using (agency_id = scope_agency_id() and (scope_location_id() is null or location_id = scope_location_id()));
    create policy app_scope on lead_trigger_states to switchyard_app
      using (agency_id = scope_agency_id() and scope_location_id() is null);

    grant select, insert, update on agencies, locations, reps, api_keys, installs to switchyard_app;
    grant select, insert, delete on lead_triggers to switchyard_app;
    -- An event that GHL cut is judged when its contact has been read, by a worker in the agency's scope.
    grant select, insert, update on lead_trigger_states to switchyard_app;

    -- Intake reads who an event or a credential belongs to, and remembers what triggers saw.
    create policy intake_reads on agencies for select to switchyard_intake using (true);
    create policy intake_reads on locations for select to switchyard_intake using (true);
    create policy intake_touches on locations for update to switchyard_intake using (true);
    create policy intake_reads on api_keys for select to switchyard_intake using (true);
    create policy intake_reads on lead_triggers for select to switchyard_intake using (true);
    create policy intake_remembers on lead_trigger_states to switchyard_intake using (true);
    create policy intake_reads on reps for select to switchyard_intake using (true);
    grant select (id, agency_id, ghl_user_id) on reps to switchyard_intake;
    grant select (id, ghl_company_id) on agencies to switchyard_intake;
    grant select (id, agency_id, ghl_location_id, kind, is_intake, live_at, installed_at, last_event_at, name) on locations to switchyard_intake;
    grant update (last_event_at) on locations to switchyard_intake;
    grant select on api_keys, lead_triggers to switchyard_intake;
    grant select, insert, update on lead_trigger_states to switchyard_intake;
  `,
    )
    .execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`drop table lead_trigger_states, lead_triggers, installs, api_keys, reps, locations, agencies`)
    .execute(db);
}
