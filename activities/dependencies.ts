import type { GhlCalls } from '../ghl/calls.ts';
import type { ReadCache } from '../ghl/read-cache.ts';
import type { RepNotifier } from './rep-notifier.ts';
import type { Kysely } from 'kysely';
import type { KeyProvider } from '../crypto/key-ring.ts';
import type { Database } from '../db/schema.ts';

/** Hears what is worth measuring of leads. */
export interface LeadObserver {
  /** A lead has got its first rep, so long after it came in. Told once the assignment is committed. */
  firstAssigned(afterMs: number): void;
}

/** What every activity that stores needs; entry points make it once. */
export interface StoreDeps {
  db: Kysely<Database>;
  keys: KeyProvider;
  /** The present; tests move it. */
  now: () => Date;
  leadObserver?: LeadObserver;
}

/** What steps that talk to GHL for a lead need. */
export interface GhlDeps extends StoreDeps {
  ghl: GhlCalls;
  /** One for the process. */
  reads: ReadCache;
  notifier: RepNotifier;
}
