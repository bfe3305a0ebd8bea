import type { Command } from 'commander';
import { z } from 'zod';
import { listConflictPolicies, setConflictPolicy } from '../../db/conflict-policies.ts';
import { CONFLICT_POLICIES, policyField } from '../../domain/contact-conflict.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { inAgencyInput, orNone } from '../inputs.ts';
import { getNamedLocation, locationReference } from '../locations/reference.ts';
import { formatTable } from '../output.ts';
import type { Session } from '../session.ts';

const input = z.object({
  ...inAgencyInput,
  location: locationReference,
  field: z.string().refine(policyField, 'wanted is all, tags, a field such as city, or custom:<id>').optional(),
  policy: orNone(z.enum(CONFLICT_POLICIES, `wanted is ${CONFLICT_POLICIES.join(', ')}`)).optional(),
});

export function addContactsPolicy(contacts: Command, session: Session): void {
  const policy = contacts
    .command('policy')
    .description('who is right when a field changed here and in GHL; newest-wins where nothing is said')
    .requiredOption('--location <location>', 'our id or GHL’s')
    .option('--field <field>', 'a field such as city, tags, custom:<id>, or * for all that are not named')
    .option('--policy <policy>', `${CONFLICT_POLICIES.join(', ')}, or none`);
  addAgencyOption(policy);
  perform(policy, session, input, async ({ agency: agencyId, location, field = '*', policy: chosen }) => {
    const policies = await inAgency(session, agencyId, async (tx) => {
      const { id: locationId } = await getNamedLocation(tx, location);
      if (chosen !== undefined) {
        await setConflictPolicy(tx, { agencyId, locationId, field }, chosen);
        const act = {
          action: 'conflict-policy.set',
          subject: `location:${locationId}`,
          after: { field, policy: chosen },
        };
        await recordAct(tx, session, { agencyId, ...act });
      }
      return listConflictPolicies(tx, locationId);
    });
    const rows = policies.map((each) => [each.field, each.policy]);
    return { data: policies, text: formatTable(['field', 'policy'], rows, 'Nothing is said: newest-wins for all.') };
  });
}
