import type { Simulation } from '../../simulation.ts';
import type { Message } from '../../world/messaging-records.ts';
import type { Contact } from '../../world/records.ts';
import { replaceContact } from '../contact-writes.ts';

/** The whole text, in any case; the carriers' standard words. */
const stopWords = new Set([
  'STOP',
  'STOPALL',
  'STOP ALL',
  'UNSUBSCRIBE',
  'CANCEL',
  'END',
  'QUIT',
  'REVOKE',
  'OPTOUT',
  'OPT-OUT',
]);
const startWords = new Set(['START', 'YES', 'UNSTOP']);
/** Carrier codes after which GHL blocks the channel by itself: for good, or until somebody lifts it. */
const permanentCode = '30004';
const temporaryCodes = new Set(['30003', '30005', '30006']);

const footerFreeAfterMs = 15 * 86_400_000;

/** Tells what a text asks for beyond what it says. */
export function meaningOf(text: string): 'stop' | 'start' | 'none' {
  const word = text.trim().toUpperCase();
  if (stopWords.has(word)) return 'stop';
  return startWords.has(word) ? 'start' : 'none';
}

/** Blocks SMS to a contact for good, as the word STOP and some carrier codes do. */
export function blockSms(sim: Simulation, contact: Contact, code: string, permanent = true): void {
  const message = permanent ? 'Contact unsubscribed' : 'Blocked after a carrier error';
  setSms(sim, contact, { status: permanent ? 'permanent' : 'active', message, code });
}

/** Lifts the block: only the person can do this, by the word START. */
export function allowSms(sim: Simulation, contact: Contact): void {
  const status = contact.dndSettings.SMS?.status;
  if (status === undefined || status === 'inactive') return;
  setSms(sim, contact, { status: 'inactive', message: 'Contact resubscribed', code: '103' });
}

/** Does what a carrier's error code asks for. */
export function obeyCarrier(sim: Simulation, contact: Contact, code: string | null): void {
  if (code === permanentCode) blockSms(sim, contact, code);
  else if (code !== null && temporaryCodes.has(code)) blockSms(sim, contact, code, false);
}

/**
 * Returns the text of an SMS as it leaves: the first one of a conversation gets the opt-out words and the sender's name
 * appended where it lacks them, which nobody can switch off in a location's first 15 days.
 */
export function withOptOut(sim: Simulation, contact: Contact, text: string, earlier: Message[]): string {
  const hasBegun = earlier.some((message) => message.messageType === 'TYPE_SMS' && message.direction === 'outbound');
  const location = sim.world.locations.get(contact.locationId);
  if (hasBegun || !location) return text;
  const addedMs = location.dateAdded ? Date.parse(location.dateAdded) : sim.clock.nowMs();
  const isNew = sim.clock.nowMs() - addedMs < footerFreeAfterMs;
  const words = sim.behaviour.optOutText ?? (isNew ? 'Reply STOP to unsubscribe.' : '');
  if (words === '') return text;
  const missing = [
    ...(text.toLowerCase().includes(location.name.toLowerCase()) ? [] : [location.name]),
    ...(/\b(stop|unsubscribe|opt[- ]?out)\b/i.test(text) ? [] : [words]),
  ];
  return missing.length === 0 ? text : `${text}\n\n${missing.join(' - ')}`;
}

function setSms(sim: Simulation, contact: Contact, sms: NonNullable<Contact['dndSettings']['SMS']>): void {
  replaceContact(sim, contact, { ...contact, dndSettings: { ...contact.dndSettings, SMS: sms } });
}
