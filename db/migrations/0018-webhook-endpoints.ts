import { type Kysely, sql } from 'kysely';

/** Where an agency has its notices sent as signed webhooks. What each one hears of stands in its subscription. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    create table webhook_endpoints (
      id uuid primary key,
      agency_id uuid not null references agencies,
      url text not null,
      description text not null,
      -- Sealed. While secrets change the one before signs as well, until then.
      secret bytea not null,
      previous_secret bytea,
      previous_secret_until timestamptz,
      state text not null default 'enabled' check (state in ('enabled', 'disabled')),
      disabled_reason text check (disabled_reason in ('operator', 'failing', 'gone')),
      disabled_at timestamptz,
      -- The first failure since the last success.
      failing_since timestamptz,
      succeeded_at timestamptz,
      -- The receiver has asked for quiet until then.
      quiet_until timestamptz,
      made_by text not null,
      created_at timestamptz not null,
      unique (agency_id, id),
      check ((previous_secret is null) = (previous_secret_until is null)),
      check ((state = 'disabled') = (disabled_reason is not null)),
      check ((state = 'disabled') = (disabled_at is not null))
    );
    alter table webhook_endpoints owner to switchyard_owner;
    alter table webhook_endpoints enable row level security;
    alter table webhook_endpoints force row level security;

    -- An endpoint hears of all that is below its location, which is more than a location's credential may see.
    create policy app_scope on webhook_endpoints to switchyard_app
      using (agency_id = scope_agency_id() and scope_location_id() is null);
    grant select, insert, update, delete on webhook_endpoints to switchyard_app;

    create policy rotate_reads on webhook_endpoints for select to switchyard_rotate using (true);
    create policy rotate_reseals on webhook_endpoints for update to switchyard_rotate using (true);
    grant select (id, agency_id, secret, previous_secret), update (secret, previous_secret)
      on webhook_endpoints to switchyard_rotate;

    -- Secrets whose time is over go, whosever they are; and how many endpoints are disabled is a figure of all tenants.
    create policy upkeep_counts on webhook_endpoints for select to switchyard_upkeep using (true);
    create policy upkeep_forgets on webhook_endpoints for update to switchyard_upkeep
      using (previous_secret_until is not null) with check (previous_secret_until is null);
    grant select (id, state, disabled_reason, previous_secret_until), update (previous_secret, previous_secret_until)
      on webhook_endpoints to switchyard_upkeep;

    alter table notice_subscriptions add constraint notice_subscriptions_endpoint
      foreign key (agency_id, endpoint_id) references webhook_endpoints (agency_id, id);
  `,
    )
    .execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    alter table notice_subscriptions drop constraint notice_subscriptions_endpoint;
    delete from notice_subscriptions where endpoint_id is not null;
    drop table webhook_endpoints;
  `,
    )
    .execute(db);
}
