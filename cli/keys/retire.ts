import type { Command } from 'commander';
import { z } from 'zod';
import { listKeyVersions, markKeyRetired } from '../../db/encryption-keys.ts';
import { countSealedRows } from '../../db/key-rotation.ts';
import { withSystemRole } from '../../db/scope.ts';
import { isStillSealing, type KeyVersion } from '../../domain/key-versions.ts';
import { perform } from '../command.ts';
import { CommandError } from '../failure.ts';
import { count } from '../inputs.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';
import { recordKeyAct } from './audit.ts';
import { BROKEN_WORKFLOWS, countWorkflows, findWorkflowsThatNeed, OPEN_WORKFLOWS } from './histories.ts';
import { createProgress } from './progress.ts';

const input = z.object({
  version: count(1, 65_535),
  mostHistories: count(1, 10_000_000),
  forgetBroken: z.boolean().default(false),
  json: z.boolean().default(false),
});
type Input = z.infer<typeof input>;

/** Workflow ids hold ids only; some are enough to see what kind they are. */
const NAMED_WORKFLOWS = 5;

export function addKeysRetire(keys: Command, session: Session): void {
  const retire = keys
    .command('retire')
    .description('make sure that nothing needs a key version any more, so that its key can be thrown away')
    .argument('<version>', 'the version, as keys list shows it')
    .option('--most-histories <n>', 'refuse rather than read more histories of workflows than these', '50000')
    .option('--forget-broken', 'whatever failed, was terminated or timed out: it can be neither reset nor read then');
  perform(retire, session, input, (given) => retireKey(session, given));
}

async function retireKey(session: Session, given: Input): Promise<Answer> {
  const { version } = given;
  const { ENCRYPTION_KEYS: keys } = await session.config();
  const db = await session.db();
  if (version === keys.currentVersion) {
    const advice = 'Add a newer key, let it seal, and rotate first (keys --help).';
    throw new CommandError('seals', `Version ${version} is the one that seals. ${advice}`);
  }
  refuseIfSealing(session, version, await withSystemRole(db, 'operators', listKeyVersions));
  const rows = (await countSealedRows(db)).filter((each) => each.version === version);
  if (rows.length > 0) {
    const places = rows.map(({ table, rows: number }) => `${number} of ${table}`).join(', ');
    throw new CommandError('rows', `Rows still need version ${version}: ${places}. Run keys rotate first.`);
  }
  const open = await requireNoHistories(session, given, OPEN_WORKFLOWS, 'open');
  const broken = given.forgetBroken ? null : await requireNoHistories(session, given, BROKEN_WORKFLOWS, 'broken');
  const read = { openHistories: open, brokenHistories: broken };
  const retiredAt = session.terminal.now();
  await withSystemRole(db, 'operators', async (tx) => {
    // Reading histories takes time, in which an old process may have come back.
    refuseIfSealing(session, version, await listKeyVersions(tx));
    await markKeyRetired(tx, version, retiredAt);
    await recordKeyAct(tx, session, { action: 'encryption-keys.retire', version, after: read });
  });
  const looked = `No row needs version ${version}, and none of the ${open} open workflows.`;
  const next = `Next: take version ${version} out of ENCRYPTION_KEYS everywhere and restart API and workers.`;
  const last = 'Keep the key for as long as you keep backups made before the rotation: they need it.';
  return { data: { version, retiredAt, ...read }, text: `${looked}\n${next}\n${last}` };
}

function refuseIfSealing({ terminal }: Session, version: number, known: KeyVersion[]): void {
  const found = known.find((each) => each.version === version);
  if (!found || !isStillSealing(found, terminal.now())) return;
  const last = `A process sealed with version ${version} at ${found.lastSealedAt.toISOString()}.`;
  throw new CommandError(
    'still-seals',
    `${last} Restart every process with ENCRYPTION_KEYS whose newest key seals, and come again three minutes later.`,
  );
}

const NEEDED_BY = {
  open: {
    code: 'open-workflows',
    what: 'open workflows have it in their history',
    advice:
      'Keep the key until they are over (leads close ends a lead’s), and try again. A reset copies the history, so it does not help.',
  },
  broken: {
    code: 'broken-workflows',
    what: 'workflows that failed, were terminated or timed out have it in their history',
    advice:
      'Deal with them first (dead-letters list), wait until Temporal’s retention has removed them, or give them up with --forget-broken.',
  },
} as const;

/** @returns how many histories were read @throws CommandError when one needs the version, or there are too many to read */
async function requireNoHistories(
  session: Session,
  { version, mostHistories, json }: Input,
  query: string,
  kind: keyof typeof NEEDED_BY,
): Promise<number> {
  const { temporal } = await session.client();
  const total = await countWorkflows(temporal, query);
  if (total > mostHistories) {
    const advice = `Read them all with --most-histories ${total + 1_000}, at a quiet hour.`;
    throw new CommandError('too-many-histories', `${total} ${kind} workflows may need version ${version}. ${advice}`);
  }
  const tell = createProgress(session.terminal, json);
  let read = 0;
  const needing = await findWorkflowsThatNeed(temporal, version, query, (number) => {
    read = number;
    tell({ kind, read, total }, `${read} of ${total} histories of ${kind} workflows read`);
  });
  if (needing.length === 0) return read;
  const { code, what, advice } = NEEDED_BY[kind];
  const some = needing.slice(0, NAMED_WORKFLOWS).join(', ');
  throw new CommandError(
    code,
    `Version ${version} is still needed: ${needing.length} ${what}, such as ${some}. ${advice}`,
  );
}
