import { type Kysely, sql } from 'kysely';

/** Which custom field of a location holds what we call by a name of our own. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    create table field_mappings (
      agency_id uuid not null,
      location_id uuid not null,
      name text not null check (name ~ '^[a-z][A-Za-z0-9_]{0,59}$'),
      type text not null check (type in ('text', 'number', 'date', 'option', 'options', 'files')),
      ghl_field_id text not null,
      -- As the field was when it was mapped: what it is compared with afterwards.
      ghl_data_type text not null,
      options text[] not null default '{}',
      -- How the location's field has come to differ, and when it was last compared.
      drift text check (drift in ('gone', 'type-changed', 'options-changed')),
      checked_at timestamptz not null,
      created_at timestamptz not null default now(),
      primary key (location_id, name),
      unique (location_id, ghl_field_id),
      foreign key (agency_id, location_id) references locations (agency_id, id)
    );
    alter table field_mappings owner to switchyard_owner;
    alter table field_mappings enable row level security;
    alter table field_mappings force row level security;
    create policy app_scope on field_mappings to switchyard_app
      using (agency_id = scope_agency_id() and (scope_location_id() is null or location_id = scope_location_id()));
    grant select, insert, update, delete on field_mappings to switchyard_app;
  `,
    )
    .execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql.raw('drop table field_mappings').execute(db);
}
