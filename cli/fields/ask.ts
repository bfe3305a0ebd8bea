import { v7 as uuidv7 } from 'uuid';
import type { FieldAnswer, SwitchyardClient } from '../../client.ts';
import { inAgency } from '../command.ts';
import { CommandError } from '../failure.ts';
import { getNamedLocation } from '../locations/reference.ts';
import type { Session } from '../session.ts';

const REFUSALS: Record<Exclude<Extract<FieldAnswer, string>, 'mapped' | 'checked' | 'pending'>, string> = {
  'field-unknown': 'The location has no such custom field of contacts. --create makes it.',
  'field-ambiguous': 'Several custom fields are called so: name it by its id.',
  'type-does-not-fit': 'The custom field is of another type.',
  'options-unknown': 'The custom field does not let choose all of these options.',
  'cannot-be-created': 'A field of files is made in GHL, and one that lets choose needs --option.',
  'field-mapped-already': 'Another name of this location has the field: fields list.',
};

/** Asks GHL, by a workflow, about the custom fields of a location. @throws CommandError when it is not so, or not yet */
export async function askFields(
  session: Session,
  given: { agency: string; location: string },
  question: Pick<Parameters<SwitchyardClient['askFields']>[0], 'map'>,
): Promise<void> {
  const agencyId = given.agency;
  const location = await inAgency(session, agencyId, (tx) => getNamedLocation(tx, given.location));
  const client = await session.client();
  const answer = await client.askFields({ agencyId, locationId: location.id, requestId: uuidv7(), ...question });
  if (answer === 'mapped' || answer === 'checked') return;
  if (answer === 'pending')
    throw new CommandError('pending', 'GHL does not answer yet; fields list shows the outcome.');
  if (typeof answer === 'object') throw new CommandError(answer.failed, `GHL could not be asked: ${answer.failed}.`);
  throw new CommandError(answer, REFUSALS[answer]);
}
