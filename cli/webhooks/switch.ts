import type { Command } from 'commander';
import { z } from 'zod';
import { switchEndpoint } from '../../db/webhook-endpoint-acts.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import type { Session } from '../session.ts';
import { actOf, ENDPOINT_ARGUMENT, ofEndpointInput, unknownEndpoint } from './endpoint.ts';

const input = z.object(ofEndpointInput);

const COMMANDS = {
  enabled: {
    name: 'enable',
    description: 'have what happens from now on be sent again',
    done: 'Enabled. What was not sent meanwhile is sent by webhooks redeliver.',
  },
  disabled: {
    name: 'disable',
    description: 'send nothing more; what waits is not sent either',
    done: 'Disabled: nothing more is sent.',
  },
};

/** `webhooks enable` and `webhooks disable`. */
export function addWebhooksSwitch(webhooks: Command, session: Session, state: 'enabled' | 'disabled'): void {
  const { name, description, done } = COMMANDS[state];
  const command = webhooks.command(name).description(description).argument('<endpoint>', ENDPOINT_ARGUMENT);
  addAgencyOption(command);
  perform(command, session, input, async ({ agency, endpoint: id }) => {
    const act = actOf(session, agency);
    if (!(await inAgency(session, agency, (tx) => switchEndpoint(tx, act, { id, state })))) throw unknownEndpoint(id);
    return { data: { id, state }, text: done };
  });
}
