import { type Kysely, sql } from 'kysely';

/** How an agency comes to its authority in GHL: one-time links that lead through GHL's page, and tokens that replace others. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    create table connect_links (
      id uuid primary key,
      agency_id uuid not null references agencies,
      purpose text not null check (purpose in ('locations', 'provisioning')),
      hash bytea not null unique,
      made_by text not null,
      created_at timestamptz not null default now(),
      -- A link is opened once, until then; GHL's page then leads back by the state.
      expires_at timestamptz not null,
      opened_at timestamptz,
      state_hash bytea unique,
      -- Sealed, and gone as soon as it has been sent to GHL.
      code bytea,
      code_at timestamptz,
      -- When the code was sent: it works once, so there is no second time.
      exchanged_at timestamptz,
      -- What GHL answered, sealed, until it is stored as an install.
      answer bytea,
      outcome text,
      ghl_company_id text,
      locations integer,
      ended_at timestamptz,
      check ((outcome is null) = (ended_at is null)),
      check (outcome is null or (code is null and answer is null))
    );
    create index connect_links_of_agency on connect_links (agency_id, created_at);

    -- A token that is tried against GHL before it replaces the one that works.
    create table credential_rotations (
      id uuid primary key,
      agency_id uuid not null references agencies,
      -- Null: the agency's own, for making new locations.
      location_id uuid,
      -- Sealed, and gone at the end.
      candidate bytea,
      made_by text not null,
      created_at timestamptz not null default now(),
      outcome text,
      missing_scopes text[] not null default '{}',
      ended_at timestamptz,
      foreign key (agency_id, location_id) references locations (agency_id, id),
      check ((outcome is null) = (ended_at is null)),
      check ((outcome is null) = (candidate is not null))
    );
    create index credential_rotations_of_agency on credential_rotations (agency_id, created_at);

    do $$
    declare t text;
    begin
      foreach t in array array['connect_links', 'credential_rotations'] loop
        execute format('alter table %I owner to switchyard_owner', t);
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
      end loop;
    end $$;

    create policy app_scope on connect_links to switchyard_app
      using (agency_id = scope_agency_id() and scope_location_id() is null);
    create policy app_scope on credential_rotations to switchyard_app
      using (agency_id = scope_agency_id() and (scope_location_id() is null or location_id = scope_location_id()));
    grant select, insert, update on connect_links, credential_rotations to switchyard_app;

    -- Whose link a browser brings: the scope of all that follows comes from that.
    create policy intake_reads on connect_links for select to switchyard_intake using (true);
    grant select (id, agency_id, hash, state_hash) on connect_links to switchyard_intake;

    create policy rotate_reads on connect_links for select to switchyard_rotate using (true);
    create policy rotate_reseals on connect_links for update to switchyard_rotate using (true);
    grant select (id, agency_id, code, answer), update (code, answer) on connect_links to switchyard_rotate;
    create policy rotate_reads on credential_rotations for select to switchyard_rotate using (true);
    create policy rotate_reseals on credential_rotations for update to switchyard_rotate using (true);
    grant select (id, agency_id, location_id, candidate), update (candidate) on credential_rotations to switchyard_rotate;

    -- How many installs wait for a person, for the figures of all tenants together.
    create policy upkeep_counts on installs for select to switchyard_upkeep using (true);
    grant select (status) on installs to switchyard_upkeep;
  `,
    )
    .execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    revoke select (status) on installs from switchyard_upkeep;
    drop policy upkeep_counts on installs;
    drop table credential_rotations, connect_links;
  `,
    )
    .execute(db);
}
