import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CommandError } from './failure.ts';
import type { Terminal } from './terminal.ts';

const MOST_BYTES = 20_000_000;

/**
 * Reads a whole file, or standard input when it is named `-`.
 * @throws CommandError when it cannot be read or is too large
 */
export async function readWhole(terminal: Terminal, name: string): Promise<Buffer> {
  const content = name === '-' ? await readStdin(terminal) : await readNamed(resolve(terminal.folder, name));
  if (content.length > MOST_BYTES) throw new CommandError('file', `${name} is larger than ${MOST_BYTES} bytes.`);
  return content;
}

async function readStdin({ stdin }: Terminal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function readNamed(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new CommandError('file', `${path} cannot be read (${code}).`);
  }
}
