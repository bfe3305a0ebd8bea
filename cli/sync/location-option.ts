import type { Command } from 'commander';
import { addAgencyOption } from '../command.ts';
import { inAgencyInput } from '../inputs.ts';
import { locationReference } from '../locations/reference.ts';

/** What every command of one location takes. */
export const ofLocationInput = { ...inAgencyInput, location: locationReference };

export const addLocationOption = (command: Command): Command =>
  addAgencyOption(command).requiredOption('--location <location>', 'our id or GHL’s');
