import type { Message, MessageType } from '../../world/messaging-records.ts';
import type { Contact } from '../../world/records.ts';

/** The names that one way of writing to people has in the different corners of the API. */
export interface Channel {
  /** `messageType` of webhooks; most also are the `type` of a send. */
  name: string;
  /** `type` of message objects. 1, 2, 10 and 34 are published, the others are what integrators report. */
  number: number;
  /** The key of `dndSettings` that blocks it. */
  dnd?: keyof Contact['dndSettings'];
  /** `channel` of the export. */
  exportName?: string;
}

const channels: Record<MessageType, Channel> = {
  TYPE_CALL: { name: 'CALL', number: 1, dnd: 'Call', exportName: 'Call' },
  TYPE_SMS: { name: 'SMS', number: 2, dnd: 'SMS', exportName: 'SMS' },
  TYPE_RCS: { name: 'RCS', number: 35, dnd: 'RCS' },
  TYPE_EMAIL: { name: 'Email', number: 3, dnd: 'Email', exportName: 'Email' },
  TYPE_FACEBOOK: { name: 'FB', number: 11, dnd: 'FB', exportName: 'Facebook' },
  TYPE_GMB: { name: 'GMB', number: 14, dnd: 'GMB' },
  TYPE_INSTAGRAM: { name: 'IG', number: 18, exportName: 'Instagram' },
  TYPE_WHATSAPP: { name: 'WhatsApp', number: 19, dnd: 'WhatsApp', exportName: 'WhatsApp' },
  TYPE_LIVE_CHAT: { name: 'Live Chat', number: 29 },
  TYPE_TIKTOK: { name: 'TIKTOK', number: 36 },
  TYPE_CUSTOM_SMS: { name: 'Custom', number: 20, dnd: 'SMS' },
  TYPE_CUSTOM_EMAIL: { name: 'Email', number: 21, dnd: 'Email' },
  TYPE_ACTIVITY_CONTACT: { name: 'ACTIVITY_CONTACT', number: 25 },
  TYPE_ACTIVITY_INVOICE: { name: 'ACTIVITY_INVOICE', number: 26 },
  TYPE_ACTIVITY_PAYMENT: { name: 'ACTIVITY_PAYMENT', number: 27 },
  TYPE_ACTIVITY_OPPORTUNITY: { name: 'ACTIVITY_OPPORTUNITY', number: 28 },
  TYPE_ACTIVITY_APPOINTMENT: { name: 'ACTIVITY_APPOINTMENT', number: 31 },
};

/** `type` of `POST /conversations/messages` and of an inbound message. */
export const sendTypes = {
  SMS: 'TYPE_SMS',
  RCS: 'TYPE_RCS',
  Email: 'TYPE_EMAIL',
  WhatsApp: 'TYPE_WHATSAPP',
  IG: 'TYPE_INSTAGRAM',
  FB: 'TYPE_FACEBOOK',
  Custom: 'TYPE_CUSTOM_SMS',
  Live_Chat: 'TYPE_LIVE_CHAT',
  TIKTOK: 'TYPE_TIKTOK',
} as const satisfies Record<string, MessageType>;

/** Returns how a kind of message is named elsewhere. */
export function channelOf(messageType: MessageType): Channel {
  return channels[messageType];
}

/** Tells an e-mail, whose body has a call of its own and which lists and exports treat apart. */
export function isEmail(message: Pick<Message, 'messageType'>): boolean {
  return channels[message.messageType].name === 'Email';
}
