import { type Kysely, sql } from 'kysely';

/**
 * Operators of the platform see all tenants' workflows, so what they hold and do belongs to no tenant: a role of its own
 * reaches their credentials, and a chain of its own in `audit_log`, under the nil UUID, keeps their acts.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    do $$
    begin
      perform pg_advisory_xact_lock(hashtext('switchyard roles'));
      if not exists (select from pg_roles where rolname = 'switchyard_operators') then
        create role switchyard_operators nologin noinherit nobypassrls;
      end if;
    end $$;
    grant usage on schema public to switchyard_operators;

    create table operator_credentials (
      id uuid primary key,
      operator text not null,
      -- A link is opened once and makes a session; a token is what the Temporal CLI sends to the codec.
      kind text not null check (kind in ('link', 'session', 'token')),
      hash bytea not null unique,
      -- Of a session: the link it was made by, which makes no second one, or the token, which makes as many as are asked for.
      link_id uuid unique,
      token_id uuid,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      used_at timestamptz,
      revoked_at timestamptz,
      check (num_nonnulls(link_id, token_id) = (kind = 'session')::int),
      check (used_at is null or kind = 'link')
    );
    create index operator_credentials_of_operator on operator_credentials (operator);
    alter table operator_credentials owner to switchyard_owner;
    alter table operator_credentials enable row level security;
    alter table operator_credentials force row level security;
    create policy operators_sign_in on operator_credentials to switchyard_operators using (true);
    grant select, insert, update (used_at, revoked_at) on operator_credentials to switchyard_operators;

    create policy operators_are_recorded on audit_log to switchyard_operators
      using (agency_id = '00000000-0000-0000-0000-000000000000')
      with check (agency_id = '00000000-0000-0000-0000-000000000000');
    grant select, insert on audit_log to switchyard_operators;
    create policy operators_are_recorded on audit_heads for select to switchyard_operators
      using (agency_id = '00000000-0000-0000-0000-000000000000');
    grant select on audit_heads to switchyard_operators;

    -- Alerts name no agency. Which agencies there are, and whether GHL lets them in, those who run the platform may look up;
    -- what an agency holds is seen from its own scope alone.
    create policy operators_look_up on agencies for select to switchyard_operators using (true);
    grant select (id, name, ghl_company_id, created_at) on agencies to switchyard_operators;
    create policy operators_look_up on installs for select to switchyard_operators using (true);
    grant select (agency_id, status) on installs to switchyard_operators;

    -- What was refused at the door is nobody's: those who run the platform look after it.
    create policy operators_look_after on refused_deliveries to switchyard_operators using (true);
    grant select, update (taken_at) on refused_deliveries to switchyard_operators;
  `,
    )
    .execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    revoke select, update (taken_at) on refused_deliveries from switchyard_operators;
    drop policy operators_look_after on refused_deliveries;
    revoke select (agency_id, status) on installs from switchyard_operators;
    drop policy operators_look_up on installs;
    revoke select (id, name, ghl_company_id, created_at) on agencies from switchyard_operators;
    drop policy operators_look_up on agencies;
    drop policy operators_are_recorded on audit_heads;
    drop policy operators_are_recorded on audit_log;
    revoke all on audit_log, audit_heads from switchyard_operators;
    drop table operator_credentials;
    revoke usage on schema public from switchyard_operators;
  `,
    )
    .execute(db);
}
