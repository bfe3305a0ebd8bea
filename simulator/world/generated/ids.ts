/** What has an id of its own in a population; an e-mail's is that of its message in another spelling. */
export type Kind = 'contact' | 'conversation' | 'message' | 'email';

const letters: Record<Kind, string> = { contact: 'C', conversation: 'V', message: 'M', email: 'E' };
/** Generated ids start so, and are as long as GHL's. */
const mark = 'Gn';
const digits = 9;

/** Writes and reads the ids of one population. Within a kind their order is that of the numbers. */
export interface Ids {
  write(kind: Kind, index: number): string;
  read(kind: Kind, recordId: string): number | undefined;
}

/** Makes the ids from the population's key of 8 letters; ids beyond the sizes are not its own. */
export function createIds(key: string, sizes: Record<Exclude<Kind, 'email'>, number>): Ids {
  return {
    write: (kind, index) => `${mark}${key}${letters[kind]}${String(index).padStart(digits, '0')}`,
    read(kind, recordId) {
      if (keyIn(recordId) !== key || recordId[mark.length + key.length] !== letters[kind]) return undefined;
      const written = recordId.slice(mark.length + key.length + 1);
      const index = /^\d{9}$/.test(written) ? Number(written) : NaN;
      return index < sizes[kind === 'email' ? 'message' : kind] ? index : undefined;
    },
  };
}

/** Returns the key of the population that an id may belong to. */
export function keyIn(recordId: string): string | undefined {
  return recordId.startsWith(mark) && recordId.length === mark.length + 8 + 1 + digits
    ? recordId.slice(mark.length, mark.length + 8)
    : undefined;
}
