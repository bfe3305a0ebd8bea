import { type Kysely, sql } from 'kysely';
import type { Database } from '../../db/schema.ts';

/** Tables that belong to no tenant, each with the reason. */
const NOT_OF_A_TENANT: Record<string, string> = {
  kysely_migration: 'which migrations were applied',
  kysely_migration_lock: 'lets one migrator work at a time',
  monthly_tables: 'which tables get monthly partitions; no role of a running process reaches it',
  ghl_breakers: 'GHL is up or down for all',
  encryption_key_versions: 'keys seal for all; it holds versions and times',
  dropped_months: 'months are dropped for all',
  upkeep_figures: 'counts over all tenants',
};

/** Tables under row-level security whose rows name no agency, each with the reason. */
const WITHOUT_AGENCY: Record<string, string> = {
  agencies: 'its id is the agency',
  refused_deliveries:
    'a delivery whose signature was refused is nobody’s; only intake, key rotation, upkeep and operators reach it',
  refused_delivery_counts: 'counts of the same',
  operator_credentials: 'operators see all tenants; only their own role reaches it, and upkeep what is over',
};

/** Tables that no tenant scope reaches, each with the reason: they have policies of system roles only. */
const WITHOUT_SCOPE: Record<string, string> = {
  event_keys: 'the keys of events, which intake alone takes',
  refused_deliveries: 'nobody’s',
  refused_delivery_counts: 'nobody’s',
  operator_credentials: 'operators’',
};

/** The roles that connect or that running processes take. */
const RUNNING_ROLES = [
  'switchyard_app',
  'switchyard_intake',
  'switchyard_relay',
  'switchyard_upkeep',
  'switchyard_operators',
  'switchyard_rotate',
  'switchyard_audit',
];

const asRows = async <T>(db: Kysely<Database>, query: ReturnType<typeof sql<T>>): Promise<T[]> =>
  (await query.execute(db)).rows;

/** Walks the catalogue and says what lets one tenant, or a process, reach more than it may. */
export async function findCatalogueProblems(db: Kysely<Database>, login: string): Promise<string[]> {
  const found = await Promise.all([
    findTableProblems(db),
    findPolicyProblems(db),
    findGrantProblems(db),
    findRoleProblems(db, login),
    findFunctionProblems(db),
    findReferenceProblems(db),
  ]);
  return found.flat().sort();
}

async function findTableProblems(db: Kysely<Database>): Promise<string[]> {
  const tables = await asRows(
    db,
    sql<{ name: string; secured: boolean; forced: boolean; policies: number; has_agency: boolean }>`
    select c.relname as name, c.relrowsecurity as secured, c.relforcerowsecurity as forced,
      (select count(*)::int from pg_policy p where p.polrelid = c.oid) as policies,
      exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'agency_id' and not a.attisdropped) as has_agency
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition`,
  );
  return tables.flatMap(({ name, secured, forced, policies, has_agency }) => {
    if (name in NOT_OF_A_TENANT) return [];
    const problems: string[] = [];
    if (!secured) problems.push(`${name}: row-level security is off`);
    if (!forced) problems.push(`${name}: row-level security is not forced on its owner`);
    if (policies === 0) problems.push(`${name}: has no policy`);
    if (!has_agency && !(name in WITHOUT_AGENCY)) problems.push(`${name}: has no agency_id`);
    return problems;
  });
}

/** The app sees what its scope names: each of its policies must ask for the scope, when reading and when writing. */
async function findPolicyProblems(db: Kysely<Database>): Promise<string[]> {
  const policies = await asRows(
    db,
    sql<{
      table: string;
      name: string;
      roles: string[];
      reads: string | null;
      writes: string | null;
      permissive: boolean;
    }>`
    select tablename as table, policyname as name, roles::text[] as roles, qual as reads, with_check as writes, permissive = 'PERMISSIVE' as permissive
    from pg_policies where schemaname = 'public'`,
  );
  const problems = policies.flatMap(({ table, name, roles, reads, writes }) => {
    if (roles.includes('public')) return [`${table}: policy ${name} is for everybody`];
    if (!roles.includes('switchyard_app')) return [];
    const isScoped = (expression: string | null): boolean =>
      expression === null || expression.includes('scope_agency_id()');
    if (reads === null && writes === null) return [`${table}: policy ${name} asks for nothing`];
    return isScoped(reads) && isScoped(writes) ? [] : [`${table}: policy ${name} does not ask for scope_agency_id()`];
  });
  const scoped = new Set(
    policies.filter((policy) => policy.roles.includes('switchyard_app')).map(({ table }) => table),
  );
  const unscoped = [...new Set(policies.map(({ table }) => table))].filter(
    (table) => !scoped.has(table) && !(table in WITHOUT_SCOPE),
  );
  return [...problems, ...unscoped.map((table) => `${table}: no tenant scope reaches it`)];
}

async function findGrantProblems(db: Kysely<Database>): Promise<string[]> {
  const grants = await asRows(
    db,
    sql<{ name: string; grantee: string; is_leaf: boolean; privilege: string }>`
    select c.relname as name, coalesce(r.rolname, 'public') as grantee, c.relispartition as is_leaf, a.privilege_type as privilege
    from pg_class c
    cross join lateral aclexplode(c.relacl) a
    left join pg_roles r on r.oid = a.grantee
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S') and a.grantee <> c.relowner
    union all
    select c.relname, coalesce(r.rolname, 'public'), true, a.privilege_type
    from pg_class c join pg_attribute t on t.attrelid = c.oid
    cross join lateral aclexplode(t.attacl) a
    left join pg_roles r on r.oid = a.grantee
    where c.relnamespace = 'public'::regnamespace and c.relispartition and a.grantee <> c.relowner`,
  );
  return grants.flatMap(({ name, grantee, is_leaf, privilege }) => {
    if (is_leaf) return [`${name}: a partition, but ${grantee} may ${privilege} it past the policies of its parent`];
    if (grantee === 'public') return [`${name}: everybody may ${privilege} it`];
    if (privilege === 'TRUNCATE') return [`${name}: ${grantee} may empty it for all tenants`];
    return name === 'monthly_tables' ? [`${name}: ${grantee} may ${privilege} it`] : [];
  });
}

async function findRoleProblems(db: Kysely<Database>, login: string): Promise<string[]> {
  const roles = await asRows(
    db,
    sql<{ name: string; too_strong: boolean; inherits: boolean; owned: number; owner: boolean }>`
    select rolname as name, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication as too_strong, rolinherit as inherits,
      (select count(*)::int from pg_class c where c.relowner = r.oid)
        + (select count(*)::int from pg_proc p where p.proowner = r.oid and r.rolname <> 'switchyard_audit') as owned,
      pg_has_role(r.oid, 'switchyard_owner', 'member') as owner
    from pg_roles r where rolname = any(${sql.val([...RUNNING_ROLES, login])})`,
  );
  return roles.flatMap(({ name, too_strong, inherits, owned, owner }) => [
    ...(too_strong ? [`${name}: is a superuser, or may pass row-level security or make roles`] : []),
    ...(inherits ? [`${name}: has the rights of its roles without taking them`] : []),
    ...(owned > 0 ? [`${name}: owns tables or functions`] : []),
    ...(owner ? [`${name}: can become the owner`] : []),
  ]);
}

async function findFunctionProblems(db: Kysely<Database>): Promise<string[]> {
  const functions = await asRows(
    db,
    sql<{ name: string; settings: string[] | null; for_all: boolean; owner: string; owner_is_super: boolean }>`
    select p.proname as name, p.proconfig as settings, r.rolname as owner, r.rolsuper or r.rolbypassrls as owner_is_super,
      p.proacl is null or exists (select from aclexplode(p.proacl) a where a.grantee = 0) as for_all
    from pg_proc p join pg_roles r on r.oid = p.proowner
    where p.pronamespace = 'public'::regnamespace and p.prosecdef`,
  );
  return functions.flatMap(({ name, settings, for_all, owner, owner_is_super }) => [
    ...(settings?.some((setting) => setting.startsWith('search_path='))
      ? []
      : [`${name}(): acts as ${owner} without a search_path of its own`]),
    ...(for_all ? [`${name}(): everybody may act as ${owner} by it`] : []),
    ...(owner_is_super ? [`${name}(): acts as ${owner}, whom nothing stops`] : []),
  ]);
}

/** A row that names another must name its agency too: the database checks references past every policy. */
async function findReferenceProblems(db: Kysely<Database>): Promise<string[]> {
  const references = await asRows(
    db,
    sql<{ table: string; target: string; names_agency: boolean }>`
    select k.conrelid::regclass::text as table, k.confrelid::regclass::text as target,
      exists (select from unnest(k.conkey, k.confkey) as pair (own, other)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = pair.own and a.attname = 'agency_id'
        join pg_attribute b on b.attrelid = k.confrelid and b.attnum = pair.other
          and b.attname = case when k.confrelid = 'agencies'::regclass then 'id' else 'agency_id' end) as names_agency
    from pg_constraint k where k.contype = 'f' and k.connamespace = 'public'::regnamespace and k.conparentid = 0`,
  );
  return references
    .filter(({ names_agency }) => !names_agency)
    .map(({ table, target }) => `${table}: may refer to ${target} of another agency`);
}
