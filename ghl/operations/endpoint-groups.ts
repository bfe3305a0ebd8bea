/**
 * Each group has a breaker of its own, so that one slow part of GHL does not stop the rest, and pins the `Version` its
 * documentation names: the newer `v3` renames paths and fields, so a group is moved to it here and on purpose.
 */
export const endpointGroups = {
  oauth: { version: '2021-07-28' },
  marketplace: { version: '2021-07-28' },
  /** What leads wait for: one contact at a time. */
  contacts: { version: '2021-07-28' },
  /** Whole pages from the search index, which is slow when GHL is, and apart so that a backfill never stops a lead. */
  'contact-search': { version: '2021-07-28' },
  opportunities: { version: '2021-07-28' },
  users: { version: '2021-07-28' },
  /** A location and what is set up in it: custom fields, custom values, tags. */
  locations: { version: '2021-07-28' },
  /** Making and changing locations: slow, rare, and nothing that reading one should wait for. */
  provisioning: { version: '2021-07-28' },
  snapshots: { version: '2021-07-28' },
  workflows: { version: '2021-07-28' },
  payments: { version: '2021-07-28' },
  /** Threads, and messages read one by one. */
  conversations: { version: '2021-04-15' },
  /** Sends alone: neither a slow list nor a slow export may hold them up. */
  messages: { version: '2021-04-15' },
  exports: { version: '2021-04-15' },
  calendars: { version: '2021-04-15' },
  saas: { version: '2021-04-15' },
} as const;

type EndpointGroup = keyof typeof endpointGroups;

/** How long an answer is waited for, in milliseconds. */
export const timeoutsMs = {
  read: 5_000,
  /** Setting what is there to what it is to be: a repetition does no harm, so an early cut costs little. */
  update: 5_000,
  /** An early cut of a create only makes doubt whether it was carried out. */
  create: 10_000,
  /** A send that was cut may have gone out and is never repeated: an operator would have to decide. */
  send: 15_000,
  /** Pages of up to 500 documents. */
  search: 10_000,
  /** Up to 500 messages a page, gathered while the caller waits. */
  export: 30_000,
  /** GHL sets a sub-account up before it answers, and a second one would be billed. */
  provision: 30_000,
  /** Two tries of a refresh have to fit into its lease and into GHL's 30 s of grace. */
  refresh: 5_000,
} as const;

/** Where a call belongs, and with that which version of GHL's API it speaks. */
export const inGroup = <Group extends EndpointGroup>(group: Group) =>
  ({ group, version: endpointGroups[group].version, encoding: 'json' }) as const;

/*
 * The kinds of calls. A kind that only reads leaves nothing open when its answer is lost, whatever its method.
 */
export const read = { method: 'GET', effect: 'read', timeoutMs: timeoutsMs.read } as const;
export const search = { method: 'POST', effect: 'read', timeoutMs: timeoutsMs.search } as const;
export const create = { method: 'POST', effect: 'write', timeoutMs: timeoutsMs.create } as const;
export const update = { method: 'PUT', effect: 'write', timeoutMs: timeoutsMs.update } as const;
export const remove = { method: 'DELETE', effect: 'write', timeoutMs: timeoutsMs.create } as const;
