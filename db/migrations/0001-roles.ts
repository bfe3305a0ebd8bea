import { type Kysely, sql } from 'kysely';

/**
 * Roles belong to the cluster, not to the database: several databases (tests) may share them, so `down` leaves them.
 * The login of the running processes is a NOINHERIT member of these and takes one for each transaction.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    do $$
    declare name text;
    begin
      -- Two databases may be migrated at once, and roles are shared between them.
      perform pg_advisory_xact_lock(hashtext('switchyard roles'));
      foreach name in array array[
        'switchyard_owner', 'switchyard_app', 'switchyard_intake', 'switchyard_relay', 'switchyard_upkeep',
        'switchyard_audit'
      ] loop
        if not exists (select from pg_roles where rolname = name) then
          execute format('create role %I nologin noinherit nobypassrls', name);
        end if;
      end loop;
      -- A migrator that is not a superuser hands tables and functions over to these, so it must belong to them.
      if not (select rolsuper from pg_roles where rolname = current_user) then
        execute format('grant switchyard_owner, switchyard_audit to %I', current_user);
        -- Who is handed something must have been able to make it there.
        grant create on schema public to switchyard_owner, switchyard_audit;
      end if;
    end $$;

    grant usage on schema public to switchyard_app, switchyard_intake, switchyard_relay, switchyard_upkeep, switchyard_audit;

    -- What a transaction may see. Empty or unset means: nothing.
    create function scope_agency_id() returns uuid language sql stable parallel safe as
      $$ select nullif(current_setting('app.agency_id', true), '')::uuid $$;
    create function scope_location_id() returns uuid language sql stable parallel safe as
      $$ select nullif(current_setting('app.location_id', true), '')::uuid $$;
  `,
    )
    .execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    drop function scope_location_id();
    drop function scope_agency_id();
    revoke create on schema public from switchyard_owner, switchyard_audit;
    revoke usage on schema public from switchyard_app, switchyard_intake, switchyard_relay, switchyard_upkeep, switchyard_audit;
  `,
    )
    .execute(db);
}
