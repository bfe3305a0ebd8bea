import type { EndpointAct } from '../../db/webhook-endpoint-acts.ts';
import { CommandError } from '../failure.ts';
import { id, inAgencyInput } from '../inputs.ts';
import type { Session } from '../session.ts';

/** What every command about one endpoint takes. */
export const ofEndpointInput = { ...inAgencyInput, endpoint: id };

/** How `<endpoint>` is described. */
export const ENDPOINT_ARGUMENT = 'its id, as webhooks list shows it';

/** Who acts, as the audit log names them. */
export const actOf = (session: Session, agencyId: string): EndpointAct => ({
  agencyId,
  actor: session.actor,
  origin: 'cli',
  now: session.terminal.now(),
});

export const unknownEndpoint = (endpointId: string): CommandError =>
  new CommandError('unknown-webhook-endpoint', `The agency has no endpoint ${endpointId}. webhooks list shows them.`);

export const disabledEndpoint = (): CommandError =>
  new CommandError('endpoint-disabled', 'The endpoint is disabled: webhooks enable.');
