import { Command } from 'commander';
import { addAgencyCommands } from './agency.ts';
import { addApiKeyCommands } from './api-keys.ts';
import { addAuditCommands } from './audit.ts';
import { addBackfillCommands } from './backfill.ts';
import { addContactCommands } from './contacts.ts';
import { addCredentialCommands } from './credentials.ts';
import { addDeadLetterCommands } from './dead-letters.ts';
import { addDeploymentCommands } from './deployments.ts';
import { addFieldCommands } from './fields.ts';
import { addInstallCommands } from './installs.ts';
import { addKeyCommands } from './keys.ts';
import { addLeadCommands } from './leads.ts';
import { addLocationCommands } from './locations.ts';
import { addQuarantineCommands } from './quarantine.ts';
import { addReplayCommand } from './replay.ts';
import { addRepCommands } from './reps.ts';
import { addNoticeCommands } from './notices.ts';
import { addOperatorCommands } from './operators.ts';
import type { Session } from './session.ts';
import { addSyncCommands } from './sync.ts';
import { addTriggerCommands } from './triggers.ts';
import { addUpkeepCommands } from './upkeep.ts';
import { addWebhookCommands } from './webhooks.ts';
import { addWhyCommand } from './why.ts';

const HELP = `
Exit codes: 0 done, 1 refused or failed, 2 not understood.
Beside a running npm start nothing needs to be set; elsewhere set DATABASE_URL, ENCRYPTION_KEYS and TEMPORAL_ADDRESS.
SWITCHYARD_AGENCY stands for --agency.

A new agency:  agency create → agency connect → locations import → reps add → api-keys create → locations go-live
`;

/** All operator commands. */
export function createProgram(session: Session): Command {
  const program = new Command('cli')
    .description(
      'Operates Switchyard: agencies with their leads and contacts, dead letters, notices, operators, keys and versions.',
    )
    .option('--json', 'answer in JSON, for programs')
    .addHelpText('after', HELP);
  addAgencyCommands(program, session);
  addLocationCommands(program, session);
  addRepCommands(program, session);
  addApiKeyCommands(program, session);
  addTriggerCommands(program, session);
  addInstallCommands(program, session);
  addCredentialCommands(program, session);
  addLeadCommands(program, session);
  addBackfillCommands(program, session);
  addSyncCommands(program, session);
  addContactCommands(program, session);
  addFieldCommands(program, session);
  addDeadLetterCommands(program, session);
  addNoticeCommands(program, session);
  addWebhookCommands(program, session);
  addAuditCommands(program, session);
  addOperatorCommands(program, session);
  addQuarantineCommands(program, session);
  addKeyCommands(program, session);
  addUpkeepCommands(program, session);
  addDeploymentCommands(program, session);
  addReplayCommand(program, session);
  addWhyCommand(program, session);
  return program;
}
