import { isV3 } from '../http/api-version.ts';
import type { Call } from '../http/route.ts';
import type { Contact } from '../world/records.ts';
import { viewContact } from './contact-view.ts';

/** The channels as `v3` spells them, and as all else does. */
const spellings = { call: 'Call', email: 'Email', sms: 'SMS', whatsApp: 'WhatsApp', gmb: 'GMB', fb: 'FB' } as const;

/** A contact as the version of the call shows it: `v3` spells the channels of `dndSettings` differently. */
export function viewContactFor(call: Call, contact: Contact): Record<string, unknown> {
  const view = viewContact(contact);
  if (!isV3(call)) return view;
  const names = new Map<string, string>(Object.entries(spellings).map(([v3, usual]) => [usual, v3]));
  return { ...view, dndSettings: renameKeys(contact.dndSettings, names) };
}

/** Returns the body of a write with the channels in their usual spelling; the other version's spelling stays and is refused. */
export function readContactBody(call: Call): unknown {
  const { body } = call;
  if (!isV3(call) || typeof body !== 'object' || body === null || !('dndSettings' in body)) return body;
  const { dndSettings } = body;
  if (typeof dndSettings !== 'object' || dndSettings === null) return body;
  const names = new Map<string, string>(Object.entries(spellings));
  const refused = Object.values(spellings).map((usual): [string, string] => [usual, `dndSettings.${usual}`]);
  return { ...body, dndSettings: renameKeys(dndSettings, new Map([...names, ...refused])) };
}

function renameKeys(record: object, names: Map<string, string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [names.get(key) ?? key, value]));
}
