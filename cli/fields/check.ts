import type { Command } from 'commander';
import { z } from 'zod';
import { addAgencyOption, perform } from '../command.ts';
import { inAgencyInput } from '../inputs.ts';
import { locationReference } from '../locations/reference.ts';
import type { Session } from '../session.ts';
import { askFields } from './ask.ts';
import { showFields } from './list.ts';

const input = z.object({ ...inAgencyInput, location: locationReference });

export function addFieldsCheck(fields: Command, session: Session): void {
  const check = fields
    .command('check')
    .description('ask GHL whether the fields are still as they were mapped')
    .requiredOption('--location <location>', 'our id or GHL’s');
  addAgencyOption(check);
  perform(check, session, input, async (given) => {
    await askFields(session, given, {});
    return showFields(session, given.agency, given.location);
  });
}
