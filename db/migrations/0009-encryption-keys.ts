import { type Kysely, sql } from 'kysely';

/**
 * Key rotation: which versions seal and sealed, and a role that may re-seal. It sees the rows of all tenants, but of
 * each only its key, whose it is, and what is sealed.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    do $$
    begin
      perform pg_advisory_xact_lock(hashtext('switchyard roles'));
      if not exists (select from pg_roles where rolname = 'switchyard_rotate') then
        create role switchyard_rotate nologin noinherit nobypassrls;
      end if;
    end $$;
    grant usage on schema public to switchyard_rotate;

    create table encryption_key_versions (
      version integer primary key,
      first_sealed_at timestamptz not null default now(),
      -- When a process last said that it seals with this version: after that it has stopped.
      last_sealed_at timestamptz not null default now(),
      retired_at timestamptz
    );
    alter table encryption_key_versions owner to switchyard_owner;
    grant select, insert, update (last_sealed_at) on encryption_key_versions to switchyard_upkeep;
    grant select, update (retired_at) on encryption_key_versions to switchyard_operators;

    create policy rotate_reads on installs for select to switchyard_rotate using (true);
    create policy rotate_reseals on installs for update to switchyard_rotate using (true);
    grant select (id, agency_id, location_id, access_token, refresh_token), update (access_token, refresh_token)
      on installs to switchyard_rotate;
    create policy rotate_reads on events for select to switchyard_rotate using (true);
    create policy rotate_reseals on events for update to switchyard_rotate using (true);
    grant select (received_at, id, agency_id, location_id, body), update (body) on events to switchyard_rotate;
    create policy rotate_reads on refused_deliveries for select to switchyard_rotate using (true);
    create policy rotate_reseals on refused_deliveries for update to switchyard_rotate using (true);
    grant select (id, body), update (body) on refused_deliveries to switchyard_rotate;
  `,
    )
    .execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    drop policy rotate_reads on refused_deliveries;
    drop policy rotate_reseals on refused_deliveries;
    drop policy rotate_reads on events;
    drop policy rotate_reseals on events;
    drop policy rotate_reads on installs;
    drop policy rotate_reseals on installs;
    revoke all on installs, events, refused_deliveries from switchyard_rotate;
    drop table encryption_key_versions;
    revoke usage on schema public from switchyard_rotate;
  `,
    )
    .execute(db);
}
