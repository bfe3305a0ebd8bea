import type { Fields, FieldValue } from './mirror.ts';

/** Channels on which the API can switch contacting off. */
export const BLOCK_CHANNELS = ['Call', 'Email', 'SMS', 'WhatsApp', 'GMB', 'FB'] as const;
export type BlockChannel = (typeof BLOCK_CHANNELS)[number];

/** A block of contacting on one channel; one that is `permanent` is lifted by the person alone. */
export interface Block {
  status: 'active' | 'permanent';
  message?: string;
  code?: string;
}

export type Blocks = Partial<Record<BlockChannel, Block>>;

const recordOf = (value: FieldValue | undefined): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};

/** What a contact's fields say of each channel, those that the API cannot write among them. */
export const settingsOf = (fields: Fields): Fields => recordOf(fields['dndSettings']);

export const isBlockChannel = (channel: string): channel is BlockChannel =>
  (BLOCK_CHANNELS as readonly string[]).includes(channel);

/** How firmly contacting is off. GHL's `active` and `permanent` both mean that it is. */
const STRENGTH: Record<string, number> = { active: 1, permanent: 2 };

/** How firmly contacting is off on a channel; 0 where it is on. */
export function blockStrength(fields: Fields, channel: string): number {
  const { status } = recordOf(settingsOf(fields)[channel]);
  return typeof status === 'string' ? (STRENGTH[status] ?? 0) : 0;
}

/** The block of a channel on which contacting is off. */
export function blockOn(fields: Fields, channel: string): Block {
  const { status, message, code } = recordOf(settingsOf(fields)[channel]);
  return {
    status: status === 'permanent' ? 'permanent' : 'active',
    ...(typeof message === 'string' && { message }),
    ...(typeof code === 'string' && { code }),
  };
}

/**
 * Blocks as a body has them: beside those to be set all that stand, because GHL does not publish whether what a body leaves
 * out stays as it was. Open channels are never among them, so that none is opened that was closed a moment ago.
 */
export function writtenBlocks(fields: Fields, added: Blocks): Blocks {
  const standing = BLOCK_CHANNELS.filter((channel) => blockStrength(fields, channel) > 0);
  return { ...Object.fromEntries(standing.map((channel) => [channel, blockOn(fields, channel)])), ...added };
}
