import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { z } from 'zod';
import type { KeyProvider } from '../../crypto/key-ring.ts';
import { listKeyVersions } from '../../db/encryption-keys.ts';
import { countSealedRows } from '../../db/key-rotation.ts';
import { withSystemRole } from '../../db/scope.ts';
import { SEALED_TABLES } from '../../db/sealed-columns.ts';
import { type KeyVersion, stoppedSealingAt } from '../../domain/key-versions.ts';
import { perform } from '../command.ts';
import { CommandError } from '../failure.ts';
import { type Answer, formatTable } from '../output.ts';
import type { Session } from '../session.ts';
import { countWorkflows, OPEN_WORKFLOWS } from './histories.ts';

const TABLES = SEALED_TABLES.map(({ name }) => name);

export function addKeysList(keys: Command, session: Session): void {
  const list = keys
    .command('list')
    .description('the versions of ENCRYPTION_KEYS and of what is stored, and what each is needed for');
  perform(list, session, z.object({}), () => showKeys(session));
}

async function showKeys(session: Session): Promise<Answer> {
  const { ENCRYPTION_KEYS: keys } = await session.config();
  const db = await session.db();
  const known = new Map((await withSystemRole(db, 'operators', listKeyVersions)).map((each) => [each.version, each]));
  const counts = await countSealedRows(db);
  const stored = counts.flatMap(({ version }) => version ?? []);
  const versions = [...new Set([...keys.versions, ...known.keys(), ...stored])].sort((a, b) => a - b);
  const temporal = await findTemporal(session);
  const listed = [];
  for (const version of versions) {
    const found = known.get(version);
    const rowsOf = (table: string) =>
      counts.find((each) => each.table === table && each.version === version)?.rows ?? 0;
    listed.push({
      version,
      state: stateOf(keys, version, found),
      rows: Object.fromEntries(TABLES.map((table) => [table, rowsOf(table)])),
      openWorkflows: await countThatMayNeed(temporal, version === keys.currentVersion, found),
      firstSealedAt: found?.firstSealedAt ?? null,
      lastSealedAt: found?.lastSealedAt ?? null,
      retiredAt: found?.retiredAt ?? null,
    });
  }
  const damaged = counts.filter(({ version }) => version === undefined);
  const notes = [
    'open workflows: at most so many need the version; keys retire reads their histories.',
    ...damaged.map(
      ({ table, rows }) => `${rows} rows of ${table} hold what no key has sealed; keys rotate names them.`,
    ),
  ];
  const rows = listed.map((each) => [
    each.version,
    each.state,
    ...TABLES.map((table) => each.rows[table]),
    each.openWorkflows ?? 'unknown',
    each.lastSealedAt,
  ]);
  const headings = ['version', 'state', ...TABLES, 'open workflows', 'last sealed'];
  return { data: listed, text: [formatTable(headings, rows, ''), '', ...notes].join('\n') };
}

/** `missing`: something was sealed with it, but it is not in ENCRYPTION_KEYS here. */
function stateOf(keys: KeyProvider, version: number, found: KeyVersion | undefined): string {
  if (version === keys.currentVersion) return 'seals';
  if (found && found.retiredAt !== null) return 'retired';
  if (!keys.versions.includes(version)) return 'missing';
  return version > keys.currentVersion ? 'standby' : 'opens';
}

/** Temporal, or null where it does not answer: the rest can be told all the same. */
async function findTemporal(session: Session): Promise<Client | null> {
  try {
    return (await session.client()).temporal;
  } catch (error) {
    if (error instanceof CommandError && error.code === 'temporal-away') return null;
    throw error;
  }
}

/** How many open workflows may hold what the version has sealed; null when Temporal cannot be asked. */
async function countThatMayNeed(
  temporal: Client | null,
  isCurrent: boolean,
  found: KeyVersion | undefined,
): Promise<number | null> {
  if (!isCurrent && !found) return 0;
  if (!temporal) return null;
  // What started after the last seal cannot hold it, but for a reset, which copies an older history.
  const before = found && !isCurrent ? ` and StartTime <= '${stoppedSealingAt(found).toISOString()}'` : '';
  return countWorkflows(temporal, `${OPEN_WORKFLOWS}${before}`);
}
