import type { Command } from 'commander';
import { z } from 'zod';
import { listKeyVersions, reportSealing } from '../../db/encryption-keys.ts';
import { rotateSealedRows } from '../../db/key-rotation.ts';
import type { UnreadableRow } from '../../db/sealed-rows.ts';
import { withSystemRole } from '../../db/scope.ts';
import { decideRotation, isStillSealing } from '../../domain/key-versions.ts';
import { perform } from '../command.ts';
import { CommandError } from '../failure.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';
import { noteKeyAct } from './audit.ts';
import { createProgress } from './progress.ts';

/** More are counted and not named. */
const NAMED_ROWS = 50;

export function addKeysRotate(keys: Command, session: Session): void {
  const rotate = keys
    .command('rotate')
    .description('re-seal every row that the newest key did not seal; all goes on meanwhile, and it can be repeated');
  perform(rotate, session, z.object({ json: z.boolean().default(false) }), ({ json }) => rotateKeys(session, json));
}

async function rotateKeys(session: Session, isJson: boolean): Promise<Answer> {
  const { ENCRYPTION_KEYS: keys } = await session.config();
  const db = await session.db();
  const version = keys.currentVersion;
  const known = await withSystemRole(db, 'upkeep', async (tx) => {
    await reportSealing(tx, version);
    return listKeyVersions(tx);
  });
  const now = session.terminal.now();
  const decision = decideRotation(keys, known, now);
  if (decision.reason !== 'ok') {
    const others = `Other processes seal with version ${decision.version}, and ENCRYPTION_KEYS here with version ${version}`;
    throw new CommandError(decision.reason, `${others}: nothing was done. Give this command what the processes have.`);
  }
  await noteKeyAct(db, session, { action: 'encryption-keys.rotate', version, after: {} });
  const tell = createProgress(session.terminal, isJson);
  const { resealed, unreadable, unfinished } = await rotateSealedRows(db, keys, (progress) =>
    tell(progress, `${progress.table}: ${progress.lookedAt} rows looked at; ${progress.resealed} re-sealed in all`),
  );
  const counts = { resealed, unreadable: unreadable.length, unfinished };
  await noteKeyAct(db, session, { action: 'encryption-keys.rotated', version, after: counts });
  if (unreadable.length > 0) throw describeUnreadable(unreadable, resealed);
  const stale = known.find((each) => each.version !== version && isStillSealing(each, now));
  const note =
    stale &&
    `A process still sealed with version ${stale.version} at ${stale.lastSealedAt.toISOString()}: when all have the new ENCRYPTION_KEYS, run this again.`;
  if (unfinished > 0) {
    const advice = note ?? 'Somebody holds them, or still writes them: run this again.';
    throw new CommandError('unfinished', `${resealed} rows re-sealed, but ${unfinished} need another pass. ${advice}`);
  }
  const done = `${resealed} rows re-sealed: all rows need version ${version} now.`;
  const next = note ?? 'Next: keys list shows what older versions are still needed for; keys retire <version>.';
  return { data: { version, ...counts, stillSealing: stale?.version ?? null }, text: `${done}\n${next}` };
}

const WHY: Record<string, string> = {
  Unseal: 'does not open: changed, copied from another tenant, or sealed by another key of the same version',
  UnknownKeyVersion: 'needs a key version that ENCRYPTION_KEYS here does not hold',
};

function describeUnreadable(rows: UnreadableRow[], resealed: number): CommandError {
  const named = rows.slice(0, NAMED_ROWS).map(({ table, id, code }) => `  ${table} ${id} ${WHY[code] ?? code}`);
  const more = rows.length > NAMED_ROWS ? [`  and ${rows.length - NAMED_ROWS} more`] : [];
  const headline = `${resealed} rows re-sealed; ${rows.length} cannot be read and were left as they are:`;
  return new CommandError('unreadable-rows', [headline, ...named, ...more].join('\n'));
}
