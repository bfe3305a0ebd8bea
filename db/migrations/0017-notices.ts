import { type Kysely, sql } from 'kysely';

/** Who hears of what has happened, what there was to hear, and how it was delivered. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    alter table reps add column notices_muted_at timestamptz;

    create table notice_subscriptions (
      id uuid primary key,
      agency_id uuid not null references agencies,
      -- Of what: all of the agency, a location with all below it, or what concerns one rep of a location.
      location_id uuid,
      rep_id uuid,
      topics text[] not null check (cardinality(topics) > 0),
      channel text not null check (channel in ('email', 'webhook')),
      recipient text not null check (recipient in ('address', 'rep', 'endpoint')),
      -- Sealed.
      address bytea,
      endpoint_id uuid,
      -- Nothing goes to it as long as this is set.
      muted_at timestamptz,
      made_by text not null,
      created_at timestamptz not null default now(),
      unique (agency_id, id),
      foreign key (agency_id, location_id) references locations (agency_id, id),
      foreign key (agency_id, rep_id) references reps (agency_id, id),
      check (rep_id is null or location_id is not null),
      check ((recipient = 'address') = (address is not null)),
      check ((recipient = 'endpoint') = (endpoint_id is not null)),
      check ((recipient = 'endpoint') = (channel = 'webhook'))
    );
    create index notice_subscriptions_of_agency on notice_subscriptions (agency_id, id);

    -- What anybody in an agency hears of: all that those who write notices down need to know.
    create table heard_topics (
      agency_id uuid not null references agencies,
      topic text not null,
      primary key (agency_id, topic)
    );

    -- Stays for ever: what an agency has heard of once it hears of no second time.
    create table notices (
      id uuid primary key,
      agency_id uuid not null references agencies,
      -- As what happened names them, which a notice must never keep from being written.
      location_id uuid,
      rep_id uuid,
      lead_id uuid,
      topic text not null,
      occurrence_key text not null,
      occurred_at timestamptz not null,
      -- Ids, codes and figures.
      data jsonb not null,
      -- When its deliveries were made.
      planned_at timestamptz,
      unique (agency_id, topic, occurrence_key),
      unique (agency_id, id)
    );
    create index notices_of_lead on notices (lead_id) where lead_id is not null;

    create table notice_deliveries (
      id uuid primary key,
      agency_id uuid not null,
      location_id uuid,
      notice_id uuid not null,
      topic text not null,
      channel text not null check (channel in ('email', 'webhook')),
      -- rep:<id>, subscription:<id> or endpoint:<id>.
      recipient text not null,
      -- Sealed.
      address bytea,
      state text not null check (state in ('pending', 'sending', 'sent', 'refused', 'unknown', 'suppressed')),
      attempts integer not null default 0,
      -- Why it is in this state, a code.
      reason text,
      -- The delivery in whose message it went along.
      gathered_into uuid,
      created_at timestamptz not null default now(),
      tried_at timestamptz,
      -- Of a webhook: the step whose attempt was begun last, for its own repeat to know it by.
      tried_by text,
      ended_at timestamptz,
      unique (notice_id, channel, recipient),
      foreign key (agency_id, notice_id) references notices (agency_id, id),
      check ((ended_at is null) = (state in ('pending', 'sending')))
    );
    create index notice_deliveries_waiting on notice_deliveries (created_at) where ended_at is null;
    create index notice_deliveries_of_recipient on notice_deliveries (agency_id, recipient, topic, id);
    create index notice_deliveries_ended on notice_deliveries (ended_at) where ended_at is not null;

    do $$
    declare t text;
    begin
      foreach t in array array['notice_subscriptions', 'heard_topics', 'notices', 'notice_deliveries'] loop
        execute format('alter table %I owner to switchyard_owner', t);
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
      end loop;
      foreach t in array array['notices', 'notice_deliveries'] loop
        execute format('create policy app_scope on %I to switchyard_app
          using (agency_id = scope_agency_id() and (scope_location_id() is null or location_id = scope_location_id()))', t);
      end loop;
      -- Whoever writes notices down: whose they are comes from what they are about.
      foreach t in array array['intake', 'relay', 'upkeep'] loop
        execute format('create policy %I on heard_topics for select to %I using (true)', t || '_listens', 'switchyard_' || t);
        execute format('grant select on heard_topics to %I', 'switchyard_' || t);
        execute format('create policy %I on notices for insert to %I with check (true)', t || '_writes', 'switchyard_' || t);
        execute format('create policy %I on notices for select to %I using (true)', t || '_reads', 'switchyard_' || t);
        execute format('grant insert, select (id) on notices to %I', 'switchyard_' || t);
      end loop;
    end $$;
    -- What an endpoint hears by is the agency's, as the endpoint is: a location's credential must not make it deaf.
    create policy app_scope on notice_subscriptions to switchyard_app
      using (agency_id = scope_agency_id()
        and (scope_location_id() is null or (location_id = scope_location_id() and endpoint_id is null)));
    create policy app_scope on heard_topics to switchyard_app using (agency_id = scope_agency_id());
    grant select, insert, delete on heard_topics, notice_subscriptions to switchyard_app;
    grant update (topics, muted_at) on notice_subscriptions to switchyard_app;
    grant select, insert, update on notices, notice_deliveries to switchyard_app;

    alter table event_capabilities drop constraint event_capabilities_capability_check;
    alter table event_capabilities add constraint event_capabilities_capability_check
      check (capability in ('lead-intake', 'lead-follow-up', 'account-sync', 'agency-connect', 'contact-sync', 'backfill', 'notification'));
    create policy relay_notifies on event_capabilities for insert to switchyard_relay with check (capability = 'notification');
    create policy upkeep_notifies on event_capabilities for insert to switchyard_upkeep with check (capability = 'notification');
    grant insert on event_capabilities to switchyard_relay, switchyard_upkeep;

    -- How many wait and for how long, for the figures of all tenants together; and what has ended long ago goes.
    create policy upkeep_measures on notice_deliveries for select to switchyard_upkeep using (true);
    create policy upkeep_forgets on notice_deliveries for delete to switchyard_upkeep using (ended_at is not null);
    grant select (id, channel, state, created_at, ended_at), delete on notice_deliveries to switchyard_upkeep;

    create policy rotate_reads on notice_subscriptions for select to switchyard_rotate using (true);
    create policy rotate_reseals on notice_subscriptions for update to switchyard_rotate using (true);
    grant select (id, agency_id, location_id, address), update (address) on notice_subscriptions to switchyard_rotate;
    create policy rotate_reads on notice_deliveries for select to switchyard_rotate using (true);
    create policy rotate_reseals on notice_deliveries for update to switchyard_rotate using (true);
    grant select (id, agency_id, location_id, address), update (address) on notice_deliveries to switchyard_rotate;

    -- That a breaker has opened is told in the transaction that notes it.
    grant select, insert, update on ghl_breakers to switchyard_upkeep;
    -- Whose budget is nearly spent.
    grant select (agency_id) on ghl_budgets to switchyard_upkeep;
    grant select (ghl_location_id) on locations to switchyard_upkeep;
  `,
    )
    .execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    revoke select (ghl_location_id) on locations from switchyard_upkeep;
    revoke select (agency_id) on ghl_budgets from switchyard_upkeep;
    revoke select, insert, update on ghl_breakers from switchyard_upkeep;
    revoke insert on event_capabilities from switchyard_relay, switchyard_upkeep;
    drop policy upkeep_notifies on event_capabilities;
    drop policy relay_notifies on event_capabilities;
    delete from event_capabilities where capability = 'notification';
    alter table event_capabilities drop constraint event_capabilities_capability_check;
    alter table event_capabilities add constraint event_capabilities_capability_check
      check (capability in ('lead-intake', 'lead-follow-up', 'account-sync', 'agency-connect', 'contact-sync', 'backfill'));
    drop table notice_deliveries, notices, heard_topics, notice_subscriptions;
    alter table reps drop column notices_muted_at;
  `,
    )
    .execute(db);
}
