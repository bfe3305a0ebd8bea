import type { Command } from 'commander';
import { z } from 'zod';
import { listFieldMappings } from '../../db/field-mappings.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { inAgencyInput } from '../inputs.ts';
import { getNamedLocation, locationReference } from '../locations/reference.ts';
import { type Answer, formatTable } from '../output.ts';
import type { Session } from '../session.ts';

const input = z.object({ ...inAgencyInput, location: locationReference });

export function addFieldsList(fields: Command, session: Session): void {
  const list = fields
    .command('list')
    .description('what is mapped, and how the fields have come to differ')
    .requiredOption('--location <location>', 'our id or GHL’s');
  addAgencyOption(list);
  perform(list, session, input, (given) => showFields(session, given.agency, given.location));
}

/** What is mapped in a location, as it was when GHL was asked last. */
export async function showFields(session: Session, agencyId: string, location: string): Promise<Answer> {
  const mappings = await inAgency(session, agencyId, async (tx) =>
    listFieldMappings(tx, (await getNamedLocation(tx, location)).id),
  );
  const rows = mappings.map((each) => [
    each.name,
    each.type,
    each.ghlFieldId,
    each.dataType,
    each.options.join(', '),
    each.drift ?? 'none',
    each.checkedAt,
  ]);
  const headings = ['name', 'type', 'field in GHL', 'its type', 'options', 'drift', 'checked'];
  return { data: mappings, text: formatTable(headings, rows, 'There are none: fields map.') };
}
