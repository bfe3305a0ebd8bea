import { type Kysely, sql } from 'kysely';

/**
 * Monthly partitions. `ensure_month_partitions` runs as the owner (upkeep itself owns nothing); what it makes is
 * reachable through the parent only, because leaves carry no policies. Months are those of UTC, whatever zone the server
 * or the login has: bounds made in two zones overlap, or leave hours of which no row can be stored.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    grant create, usage on schema public to switchyard_owner;

    -- What is older than first_month stands in a partition of its own; null where nothing is.
    create table monthly_tables (name text primary key, first_month date);
    alter table monthly_tables owner to switchyard_owner;

    create function ensure_month_partitions(from_month date, months integer) returns integer
      language plpgsql security definer set search_path = public, pg_temp set timezone = 'UTC' as $$
    declare
      parent text;
      earliest date;
      month date;
      leaf text;
      made integer := 0;
    begin
      perform pg_advisory_xact_lock(hashtext('switchyard partitions'));
      for parent, earliest in select name, first_month from monthly_tables order by name loop
        for step in 0 .. months - 1 loop
          month := (date_trunc('month', from_month) + make_interval(months => step))::date;
          leaf := parent || '_' || to_char(month, 'YYYY_MM');
          if to_regclass(leaf) is null and month >= coalesce(earliest, month) then
            execute format('create table %I partition of %I for values from (%L) to (%L)',
              leaf, parent, month, month + interval '1 month');
            made := made + 1;
          end if;
        end loop;
      end loop;
      return made;
    end $$;
    alter function ensure_month_partitions(date, integer) owner to switchyard_owner;
    revoke all on function ensure_month_partitions(date, integer) from public;
    grant execute on function ensure_month_partitions(date, integer) to switchyard_upkeep;
  `,
    )
    .execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    drop function ensure_month_partitions(date, integer);
    drop table monthly_tables;
    revoke create, usage on schema public from switchyard_owner;
  `,
    )
    .execute(db);
}
