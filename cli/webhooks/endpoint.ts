import { type Config, outboundRulesOf } from '../../config.ts';
import type { EndpointAct } from '../../db/webhook-endpoint-acts.ts';
import { readWebhookUrl, URL_REFUSALS } from '../../domain/webhook-url.ts';
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

/** A URL in the spelling in which it is stored. @throws CommandError for one that nothing is sent to */
export function readUrl(given: string, config: Config): string {
  const read = readWebhookUrl(given, outboundRulesOf(config));
  if (!read.isAllowed) throw new CommandError(`url-${read.reason}`, `The URL ${URL_REFUSALS[read.reason]}.`);
  return read.url;
}

export const hearsOfNothing = (): CommandError =>
  new CommandError('hears-of-nothing', 'Its subscription was taken away: delete the endpoint and create it again.');
