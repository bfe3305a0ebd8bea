import { access, constants, mkdir, statfs } from 'node:fs/promises';
import { freemem } from 'node:os';

/** Where it is. */
export const MEMORY_FOLDER = '/dev/shm/switchyard-test';
const TMPFS = 0x0102_1994;
/** Several times what the databases and the log of a whole run come to. */
const ROOM_BYTES = 4 * 2 ** 30;

/**
 * A folder in memory, for servers whose data nobody keeps: to make and drop a database, hundreds of files each time, takes a
 * quarter of the time there.
 * @returns undefined where the machine has none, or not the room
 */
export async function findMemoryFolder(): Promise<string | undefined> {
  try {
    const { type, bavail, bsize } = await statfs('/dev/shm');
    if (type !== TMPFS || Math.min(bavail * bsize, freemem()) < ROOM_BYTES) return undefined;
    await mkdir(MEMORY_FOLDER, { recursive: true });
    await access(MEMORY_FOLDER, constants.W_OK);
    return MEMORY_FOLDER;
  } catch {
    return undefined;
  }
}
