import type { Command } from 'commander';
import type { Session } from './session.ts';
import { addSyncDrift } from './sync/drift.ts';
import { addSyncGaps } from './sync/gaps.ts';
import { addSyncPolicy } from './sync/policy.ts';
import { addSyncReconcile } from './sync/reconcile.ts';
import { addSyncStatus } from './sync/status.ts';

export function addSyncCommands(program: Command, session: Session): void {
  const sync = program.command('sync').description('how the mirror of a location is in step with GHL');
  addSyncStatus(sync, session);
  addSyncReconcile(sync, session);
  addSyncDrift(sync, session);
  addSyncGaps(sync, session);
  addSyncPolicy(sync, session);
}
