import { type Kysely, sql } from 'kysely';

/** What upkeep reads to find old rows of a table, beside what it reads anyway, and which rows it may see and take away. */
const TRIMMED = [
  {
    table: 'event_capabilities',
    columns: 'sequence, created_at, workflow_id, ordering_key',
    may: `state <> 'pending'`,
  },
  { table: 'refused_deliveries', columns: 'id, received_at', may: 'true' },
  { table: 'refused_delivery_counts', columns: 'hour, reason', may: 'true' },
  { table: 'connect_links', columns: 'id, expires_at, code_at, outcome, ended_at', may: 'true' },
  { table: 'credential_rotations', columns: 'id, agency_id, location_id, created_at, outcome, ended_at', may: 'true' },
  { table: 'operator_credentials', columns: 'id, expires_at', may: `expires_at < now() - interval '7 days'` },
  { table: 'contact_edits', columns: 'id, settled_at', may: `state in ('synced', 'overruled', 'superseded')` },
  { table: 'contact_merges', columns: 'ended_at', may: 'outcome is not null' },
  { table: 'webhook_gaps', columns: 'ghl_id, kind, changed_at', may: 'true' },
  { table: 'drift_reports', columns: 'id', may: 'true' },
  { table: 'ghl_budgets', columns: 'agency_id', may: 'true' },
  { table: 'dead_letters', columns: 'reason_removed_at', may: 'resolved_at is not null' },
];

/** What `drop_month_partition` must see of all tenants to know that nobody needs a month any more. It runs as the owner. */
const LOOKED_AT = [
  { table: 'leads', sees: `state <> 'closed'` },
  { table: 'dead_letters', sees: 'resolved_at is null' },
  { table: 'event_capabilities', sees: `state <> 'started'` },
  { table: 'audit_heads', sees: 'true' },
];

/** Old months and rows go, what a dead process left half-way is ended, and what was done is counted. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    alter table monthly_tables add column droppable boolean not null default false;
    update monthly_tables set droppable = true where name in ('events', 'decisions', 'lead_timeline', 'audit_log');

    -- What was there before that day is gone: who finds nothing must not believe that nothing was.
    create table dropped_months (table_name text primary key, before timestamptz not null);
    -- What upkeep has done, and when last; processes come and go.
    create table upkeep_figures (
      step text not null check (step in ('run', 'made', 'dropped', 'trimmed', 'closed')),
      kind text not null,
      total bigint not null,
      last_at timestamptz not null default now(),
      primary key (step, kind)
    );
    alter table dropped_months owner to switchyard_owner;
    alter table upkeep_figures owner to switchyard_owner;
    grant select on dropped_months to switchyard_app, switchyard_upkeep;
    grant select, insert, update on upkeep_figures to switchyard_upkeep;

    -- Bodies are looked for in months of events that have none any more, and old work among all that came since.
    create index events_with_body on events (received_at) where body is not null;
    create index event_capabilities_by_age on event_capabilities using brin (created_at);

    create function drop_month_partition(parent text, month date) returns text
      language plpgsql security definer set search_path = public, pg_temp set timezone = 'UTC' set lock_timeout = '2s' as $$
    declare
      leaf text := parent || '_' || to_char(month, 'YYYY_MM');
      is_held boolean;
    begin
      if not exists (select from monthly_tables where name = parent and droppable) then
        raise exception 'the months of this table are kept' using errcode = 'insufficient_privilege';
      end if;
      -- Whatever is set, nobody drops what has just been.
      if month <> date_trunc('month', month) or month > date_trunc('month', now()) - interval '3 months' then
        raise exception 'this month is kept' using errcode = 'invalid_parameter_value';
      end if;
      -- Of two at once, and of who makes partitions meanwhile, one goes first. While the drop waits for those who use the table,
      -- those who come after wait behind it: so it gives up soon, and is tried again.
      perform pg_advisory_xact_lock(hashtext('switchyard partitions'));
      -- Asked of the table: what to_regclass remembers may be from before the lock was had.
      if not exists (select from pg_class where relname = leaf and relnamespace = 'public'::regnamespace) then
        return 'gone';
      end if;
      if parent = 'events' then
        execute format('select exists (select from leads l where l.state <> ''closed''
            and l.event_received_at >= %2$L and l.event_received_at < %3$L)
          or exists (select from event_capabilities w where w.state <> ''started'' and w.created_at < %3$L)
          or exists (select from event_capabilities w where w.state <> ''started'' and w.ordering_key like ''redrive:event:%%''
            and exists (select from %1$I e where ''redrive:event:'' || e.id = w.ordering_key))
          or exists (select from dead_letters d where d.resolved_at is null and d.subject_kind = ''event''
            and exists (select from %1$I e where e.id::text = d.subject_id))',
          leaf, month, month + interval '1 month') into is_held;
      elsif parent = 'audit_log' then
        -- A chain is checked from its first row to its head: only the oldest go, and a head never.
        execute format('select exists (select from audit_heads h join %1$I a using (agency_id, sequence))
          or exists (select from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = %2$L::regclass and c.relname < %1$L)', leaf, parent) into is_held;
      else
        execute format('select exists (select from leads l where l.state <> ''closed''
          and exists (select from %I e where e.lead_id = l.id))', leaf) into is_held;
      end if;
      if is_held then
        return 'held';
      end if;
      execute format('drop table %I', leaf);
      insert into dropped_months values (parent, month + interval '1 month')
        on conflict (table_name) do update set before = greatest(dropped_months.before, excluded.before);
      return 'dropped';
    end $$;
    alter function drop_month_partition(text, date) owner to switchyard_owner;
    revoke all on function drop_month_partition(text, date) from public;
    grant execute on function drop_month_partition(text, date) to switchyard_upkeep;
    -- Noted in the operators' chain by the transaction that drops it.
    create policy upkeep_is_recorded on audit_log for insert to switchyard_upkeep
      with check (agency_id = '00000000-0000-0000-0000-000000000000' and actor = 'upkeep');
    grant insert on audit_log to switchyard_upkeep;

    -- Of a letter that was discarded the reason goes, which is free text; that it was discarded stays.
    alter table dead_letters add column reason_removed_at timestamptz;
    grant update (discard_reason, reason_removed_at) on dead_letters to switchyard_upkeep;
    create policy upkeep_forgets on dead_letters for update to switchyard_upkeep
      using (resolution = 'discarded') with check (resolution = 'discarded');

    grant select (id, lease_until), update (lease_owner, lease_until) on installs to switchyard_upkeep;
    create policy upkeep_closes on installs for update to switchyard_upkeep using (true);
    grant update (outcome, ended_at, code, answer) on connect_links to switchyard_upkeep;
    create policy upkeep_closes on connect_links for update to switchyard_upkeep using (outcome is null) with check (true);
    grant update (outcome, ended_at, candidate) on credential_rotations to switchyard_upkeep;
    create policy upkeep_closes on credential_rotations for update to switchyard_upkeep
      using (outcome is null) with check (true);
    -- Whoever brought a token that nobody tried hears that it is not in place.
    create policy upkeep_tells on dead_letters for insert to switchyard_upkeep
      with check (subject_kind = 'credential' and cause = 'rotation:NeverEnded');
  `,
    )
    .execute(db);
  for (const { table, sees } of LOOKED_AT) {
    await sql
      .raw(`create policy retention_looks on ${table} for select to switchyard_owner using (${sees})`)
      .execute(db);
  }
  for (const { table, columns, may } of TRIMMED) {
    // What stays for good about a discarded letter is that it was.
    const deletes = table === 'dead_letters' ? `${may} and resolution is distinct from 'discarded'` : may;
    await sql
      .raw(
        `
      grant select (${columns}), delete on ${table} to switchyard_upkeep;
      create policy upkeep_sees_old on ${table} for select to switchyard_upkeep using (${may});
      create policy upkeep_removes on ${table} for delete to switchyard_upkeep using (${deletes});
    `,
      )
      .execute(db);
  }
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const { table, columns } of TRIMMED) {
    await sql
      .raw(
        `
      drop policy upkeep_removes on ${table};
      drop policy upkeep_sees_old on ${table};
      revoke select (${columns}), delete on ${table} from switchyard_upkeep;
    `,
      )
      .execute(db);
  }
  for (const { table } of LOOKED_AT) await sql.raw(`drop policy retention_looks on ${table}`).execute(db);
  await sql
    .raw(
      `
    drop policy upkeep_tells on dead_letters;
    drop policy upkeep_closes on credential_rotations;
    revoke update (outcome, ended_at, candidate) on credential_rotations from switchyard_upkeep;
    drop policy upkeep_closes on connect_links;
    revoke update (outcome, ended_at, code, answer) on connect_links from switchyard_upkeep;
    drop policy upkeep_closes on installs;
    revoke select (id, lease_until), update (lease_owner, lease_until) on installs from switchyard_upkeep;
    drop policy upkeep_forgets on dead_letters;
    revoke update (discard_reason, reason_removed_at) on dead_letters from switchyard_upkeep;
    alter table dead_letters drop column reason_removed_at;
    revoke insert on audit_log from switchyard_upkeep;
    drop policy upkeep_is_recorded on audit_log;
    drop function drop_month_partition(text, date);
    drop index event_capabilities_by_age, events_with_body;
    drop table upkeep_figures, dropped_months;
    alter table monthly_tables drop column droppable;
  `,
    )
    .execute(db);
}
