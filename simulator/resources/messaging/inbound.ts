import type { Simulation } from '../../simulation.ts';
import type { Message } from '../../world/messaging-records.ts';
import type { Contact } from '../../world/records.ts';
import { takeInbound } from './message-writes.ts';
import type { Draft } from './message-writes.ts';
import { allowSms, blockSms, meaningOf } from './opt-out.ts';

/** Takes in a message of a person. A text of STOP or the like blocks SMS for good, START lifts that. */
export function receiveMessage(sim: Simulation, contact: Contact, draft: Draft, dateAdded?: string): Message {
  const meaning = draft.messageType === 'TYPE_SMS' ? meaningOf(draft.body) : 'none';
  const obey = (): void => {
    if (meaning === 'stop') blockSms(sim, contact, '103');
    if (meaning === 'start') allowSms(sim, contact);
  };
  if (sim.behaviour.stopEventOrder === 'dnd-first') obey();
  const message = takeInbound(sim, contact, draft, dateAdded);
  if (sim.behaviour.stopEventOrder === 'message-first') obey();
  return message;
}
