import { createHash } from 'node:crypto';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A repeatable source of ids and chances: the same seed gives the same sequence for each stream. */
export interface Random {
  /** A GHL-like id: 20 letters and digits. */
  id(): string;
  /** A version 4 UUID. */
  uuid(stream?: string): string;
  /** A number in [0, 1). */
  chance(stream: string): number;
  /** How far each stream has run, so that a restarted simulator does not repeat ids. */
  position(): Record<string, number>;
  restore(position: Record<string, number>): void;
}

/** Makes a random source from a seed; streams are independent, so traffic on one does not shift the others. */
export function createRandom(seed: string): Random {
  let counters = new Map<string, number>();
  const next = (stream: string): Buffer => {
    const count = (counters.get(stream) ?? 0) + 1;
    counters.set(stream, count);
    return createHash('sha256').update(`${seed}/${stream}/${count}`).digest();
  };
  return {
    id: () => Array.from(next('id').subarray(0, 20), (byte) => alphabet[byte % alphabet.length]).join(''),
    uuid(stream = 'uuid') {
      const hex = next(stream).toString('hex');
      const variant = '89ab'[Number.parseInt(hex[16] ?? '0', 16) % 4];
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    },
    chance: (stream) => next(stream).readUIntBE(0, 6) / 2 ** 48,
    position: () => Object.fromEntries(counters),
    restore(position) {
      counters = new Map(Object.entries(position));
    },
  };
}
