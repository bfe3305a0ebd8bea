import type { Command } from 'commander';
import { z } from 'zod';
import { unseal } from '../../crypto/seal.ts';
import { auditOperator } from '../../db/operators.ts';
import { listRefusedBodies, REFUSED_BODY } from '../../db/refused-deliveries.ts';
import { withSystemRole } from '../../db/scope.ts';
import { perform } from '../command.ts';
import { CommandError } from '../failure.ts';
import { id } from '../inputs.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';

export function addQuarantineOpen(quarantine: Command, session: Session): void {
  const open = quarantine
    .command('open')
    .description('print the body of one, decrypted, as it came; the operators’ audit log says who read it')
    .argument('<delivery>', 'its id, as quarantine list printed it');
  perform(open, session, z.object({ delivery: id }), (given) => openDelivery(session, given.delivery));
}

/** Who opens what is noted before it is done. */
async function openDelivery(session: Session, deliveryId: string): Promise<Answer> {
  const { ENCRYPTION_KEYS: keys } = await session.config();
  const act = { actor: session.actor, origin: 'cli', action: 'quarantine.open' };
  const found = await withSystemRole(await session.db(), 'operators', async (tx) => {
    const [delivery] = await listRefusedBodies(tx, { id: deliveryId });
    if (delivery) await auditOperator(tx, { ...act, subject: `refused-delivery:${deliveryId}` });
    return delivery;
  });
  if (!found)
    throw new CommandError('unknown-delivery', `There is no refused delivery ${deliveryId}, or no body of it.`);
  const body = unseal(keys, found.body, REFUSED_BODY).toString();
  return { data: { id: deliveryId, body }, text: body };
}
