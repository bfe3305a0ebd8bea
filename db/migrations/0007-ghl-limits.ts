import { type Kysely, sql } from 'kysely';

/** What every process must know of GHL's limits: how much of a budget is spent, and which endpoint group is failing. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    create table ghl_budgets (
      agency_id uuid not null references agencies,
      resource text not null,
      state jsonb not null,
      updated_at timestamptz not null default now(),
      primary key (agency_id, resource)
    );
    create table ghl_breakers (
      endpoint_group text primary key,
      open_until timestamptz not null
    );

    alter table ghl_budgets owner to switchyard_owner;
    alter table ghl_budgets enable row level security;
    alter table ghl_budgets force row level security;
    alter table ghl_breakers owner to switchyard_owner;

    create policy app_scope on ghl_budgets to switchyard_app using (agency_id = scope_agency_id());
    grant select, insert, update on ghl_budgets to switchyard_app;
    -- How much is left is measured over all tenants.
    create policy upkeep_measures on ghl_budgets for select to switchyard_upkeep using (true);
    grant select (resource, state, updated_at) on ghl_budgets to switchyard_upkeep;
    -- Not a tenant's: GHL is up or down for all.
    grant select, insert, update on ghl_breakers to switchyard_app;
    grant select on ghl_breakers to switchyard_upkeep;

    select ensure_month_partitions((now() at time zone 'UTC')::date, 12);
  `,
    )
    .execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql.raw(`drop table ghl_breakers, ghl_budgets`).execute(db);
}
