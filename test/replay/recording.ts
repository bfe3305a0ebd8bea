import { parseKeyRing } from '../../crypto/key-ring.ts';

/** Recorded histories are encrypted as all payloads are; this key exists for them alone. */
export const RECORDING_KEYS = parseKeyRing(`1:${Buffer.alloc(32, 'recorded history').toString('base64')}`);
export const HISTORIES_FOLDER = new URL('histories/', import.meta.url);
