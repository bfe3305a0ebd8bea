import { type Kysely, sql } from 'kysely';

/** `audit_log` is append-only, and each row carries the hash of the one before it in its tenant. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    create table audit_log (
      id uuid not null,
      at timestamptz not null default now(),
      agency_id uuid not null,
      sequence bigint not null,
      actor text not null,
      action text not null,
      subject text not null,
      before jsonb,
      after jsonb,
      origin text not null,
      previous_hash bytea not null,
      hash bytea not null,
      primary key (at, id)
    ) partition by range (at);
    create index audit_log_of_agency on audit_log (agency_id, sequence);
    create table audit_heads (agency_id uuid primary key, sequence bigint not null, hash bytea not null);

    create function audit_row_hash(entry audit_log) returns bytea language sql stable as $$
      select sha256(entry.previous_hash || convert_to(jsonb_build_array(
        entry.id, to_char(entry.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), entry.agency_id, entry.sequence,
        entry.actor, entry.action, entry.subject, entry.before, entry.after, entry.origin)::text, 'UTF8'))
    $$;

    create function chain_audit_row() returns trigger
      language plpgsql security definer set search_path = public, pg_temp as $$
    begin
      insert into audit_heads values (new.agency_id, 0, sha256(''::bytea)) on conflict do nothing;
      -- The row lock makes the chain one line, however many write at once.
      select sequence + 1, hash into new.sequence, new.previous_hash from audit_heads
        where agency_id = new.agency_id for update;
      new.hash := audit_row_hash(new);
      update audit_heads set sequence = new.sequence, hash = new.hash where agency_id = new.agency_id;
      return new;
    end $$;
    alter function chain_audit_row() owner to switchyard_audit;
    revoke all on function chain_audit_row() from public;
    -- A new partition gets the trigger too, made by the owner.
    grant execute on function chain_audit_row() to switchyard_owner;
    create trigger chain_audit_row before insert on audit_log for each row execute function chain_audit_row();

    alter table audit_log owner to switchyard_owner;
    alter table audit_log enable row level security;
    alter table audit_log force row level security;
    alter table audit_heads owner to switchyard_owner;
    alter table audit_heads enable row level security;
    alter table audit_heads force row level security;
    insert into monthly_tables values ('audit_log');

    create policy app_scope on audit_log to switchyard_app
      using (agency_id = scope_agency_id() and scope_location_id() is null)
      with check (agency_id = scope_agency_id());
    grant select, insert on audit_log to switchyard_app;
    create policy app_scope on audit_heads for select to switchyard_app using (agency_id = scope_agency_id());
    grant select on audit_heads to switchyard_app;
    create policy audit_chains on audit_heads to switchyard_audit using (true);
    grant select, insert, update on audit_heads to switchyard_audit;
  `,
    )
    .execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    delete from monthly_tables where name = 'audit_log';
    drop trigger chain_audit_row on audit_log;
    drop function chain_audit_row();
    drop function audit_row_hash(audit_log);
    drop table audit_log, audit_heads;
  `,
    )
    .execute(db);
}
