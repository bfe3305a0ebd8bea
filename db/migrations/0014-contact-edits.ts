import { type Kysely, sql } from 'kysely';

/** What is changed here and has to get to GHL, field by field, and where each value of a contact comes from. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    alter table contacts
      -- Who set each field last, from where and when; a field that is not named is as it was found first.
      add column lineage jsonb not null default '{}',
      -- The contact that this one has become, by a merge or because GHL had it already.
      add column merged_into uuid,
      -- When GHL was last asked to make it and may have done so; nothing is known of the answer until it has its id there.
      add column creation_tried_at timestamptz,
      add foreign key (agency_id, merged_into) references contacts (agency_id, id);
    create index contacts_paged on contacts (location_id, id);
    create index contacts_merged on contacts (agency_id, merged_into) where merged_into is not null;
    create index contacts_of_agency_by_email on contacts (agency_id, email) where email is not null;
    create index contacts_of_agency_by_phone on contacts (agency_id, phone) where phone is not null;

    -- Whoever writes what GHL shows: what differs from before came from there. Who knows better says so afterwards.
    create function note_contact_lineage() returns trigger language plpgsql as $$
    begin
      new.lineage := new.lineage || coalesce((
        select jsonb_object_agg(moved.field, jsonb_build_object(
          'origin', 'ghl', 'actor', 'ghl', 'at', coalesce(new.ghl_updated_at, new.observed_at)))
        from (
          select coalesce(o.key, n.key) as field
          from jsonb_each(old.fields - 'tags' - 'customFields' - 'dndSettings') o
          full join jsonb_each(new.fields - 'tags' - 'customFields' - 'dndSettings') n on n.key = o.key
          where o.value is distinct from n.value
          union all
          select 'custom:' || coalesce(o.key, n.key)
          from jsonb_each(coalesce(old.fields -> 'customFields', '{}')) o
          full join jsonb_each(coalesce(new.fields -> 'customFields', '{}')) n on n.key = o.key
          where o.value is distinct from n.value
          union all
          select 'tag:' || coalesce(o.tag, n.tag)
          from jsonb_array_elements_text(coalesce(old.fields -> 'tags', '[]')) o (tag)
          full join jsonb_array_elements_text(coalesce(new.fields -> 'tags', '[]')) n (tag) on n.tag = o.tag
          where o.tag is null or n.tag is null
          union all
          select 'dnd:' || coalesce(o.key, n.key)
          from jsonb_each(coalesce(old.fields -> 'dndSettings', '{}')) o
          full join jsonb_each(coalesce(new.fields -> 'dndSettings', '{}')) n on n.key = o.key
          where o.value -> 'status' is distinct from n.value -> 'status'
        ) moved), '{}');
      return new;
    end $$;
    create trigger contacts_lineage before update of fields on contacts
      for each row when (new.ghl_id is not null and old.fields is distinct from new.fields)
      execute function note_contact_lineage();

    create table contact_edits (
      id uuid primary key,
      agency_id uuid not null,
      location_id uuid not null,
      contact_id uuid not null,
      -- A field, custom:<id in GHL>, tag:<tag>, or dnd:<channel>.
      field text not null,
      -- The value that is wanted, those it may replace, and what GHL showed instead; the only column with personal data.
      content jsonb not null,
      actor text not null,
      origin text not null check (origin in ('api', 'cli')),
      made_at timestamptz not null,
      state text not null check (state in ('pending', 'held', 'synced', 'overruled', 'superseded', 'failed')),
      -- Why it is in this state, a code.
      reason text,
      attempts integer not null default 0,
      last_error text,
      -- When it was made, tried, or brought before its workflow once more.
      tried_at timestamptz not null,
      settled_at timestamptz,
      foreign key (agency_id, location_id) references locations (agency_id, id),
      foreign key (agency_id, contact_id) references contacts (agency_id, id)
    );
    create unique index contact_edits_one_open on contact_edits (contact_id, field) where state in ('pending', 'held');
    create index contact_edits_of_contact on contact_edits (contact_id, id);
    create index contact_edits_unsettled on contact_edits (contact_id) where state in ('pending', 'held', 'failed');
    create index contact_edits_untried on contact_edits (tried_at) where state = 'pending';
    create index contact_edits_held on contact_edits (agency_id, id) where state = 'held';

    -- A request to make a contact makes one, however often it comes.
    create table contact_keys (
      agency_id uuid not null,
      key text not null,
      body_hash bytea not null,
      contact_id uuid not null,
      created_at timestamptz not null default now(),
      primary key (agency_id, key),
      foreign key (agency_id, contact_id) references contacts (agency_id, id)
    );

    -- Who is right when a field changed here and in GHL; '*' stands for all that are not named.
    create table conflict_policies (
      agency_id uuid not null,
      location_id uuid not null,
      field text not null,
      policy text not null check (policy in ('ghl-wins', 'ours-wins', 'newest-wins', 'ask')),
      primary key (location_id, field),
      foreign key (agency_id, location_id) references locations (agency_id, id)
    );

    -- An operator's decision that two contacts are one person, and how far it has been carried out.
    create table contact_merges (
      id uuid primary key,
      agency_id uuid not null,
      location_id uuid not null,
      survivor_id uuid not null,
      loser_id uuid not null,
      -- Notes, tasks and the like that GHL deletes with the loser may be lost.
      accepts_loss boolean not null default false,
      -- What of the loser follows once it is gone: e-mail and phone, which no two contacts may have.
      carried jsonb,
      actor text not null,
      origin text not null check (origin in ('api', 'cli')),
      made_at timestamptz not null,
      -- When it was asked for, or brought before its workflow once more.
      tried_at timestamptz not null,
      outcome text check (outcome in ('merged', 'refused', 'failed')),
      reason text,
      ended_at timestamptz,
      check ((outcome is null) = (ended_at is null)),
      check (survivor_id <> loser_id),
      foreign key (agency_id, location_id) references locations (agency_id, id),
      foreign key (agency_id, survivor_id) references contacts (agency_id, id),
      foreign key (agency_id, loser_id) references contacts (agency_id, id)
    );
    -- A contact takes part in one merge at a time.
    create unique index contact_merges_of_loser on contact_merges (loser_id) where outcome is null;
    create unique index contact_merges_of_survivor on contact_merges (survivor_id) where outcome is null;
    create index contact_merges_untried on contact_merges (tried_at) where outcome is null;

    do $$
    declare t text;
    begin
      foreach t in array array['contact_edits', 'contact_keys', 'conflict_policies', 'contact_merges'] loop
        execute format('alter table %I owner to switchyard_owner', t);
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
      end loop;
      foreach t in array array['contact_edits', 'conflict_policies', 'contact_merges'] loop
        execute format('create policy app_scope on %I to switchyard_app
          using (agency_id = scope_agency_id() and (scope_location_id() is null or location_id = scope_location_id()))', t);
      end loop;
    end $$;
    create policy app_scope on contact_keys to switchyard_app
      using (agency_id = scope_agency_id() and (scope_location_id() is null or exists (
        select from contacts where contacts.id = contact_keys.contact_id and contacts.agency_id = contact_keys.agency_id)));
    grant select, insert, update on contact_edits, contact_merges to switchyard_app;
    grant select, insert on contact_keys to switchyard_app;
    grant select, insert, update, delete on conflict_policies to switchyard_app;

    -- Upkeep notices what its workflow has lost: whose it is and since when, never what it says.
    create policy upkeep_notices on contact_edits for select to switchyard_upkeep using (state = 'pending');
    create policy upkeep_notices on contact_merges for select to switchyard_upkeep using (outcome is null);
    grant select (agency_id, contact_id, state, tried_at) on contact_edits to switchyard_upkeep;
    grant select (id, agency_id, outcome, tried_at) on contact_merges to switchyard_upkeep;
  `,
    )
    .execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
    drop table contact_merges, conflict_policies, contact_keys, contact_edits;
    drop trigger contacts_lineage on contacts;
    drop function note_contact_lineage();
    drop index contacts_of_agency_by_phone, contacts_of_agency_by_email, contacts_merged, contacts_paged;
    alter table contacts drop column creation_tried_at, drop column merged_into, drop column lineage;
  `,
    )
    .execute(db);
}
