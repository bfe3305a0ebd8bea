import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const secret = z.string().min(16);

const secretsSchema = z.object({
  /** The value of ENCRYPTION_KEYS. */
  encryptionKeys: secret,
  /** Password of the login that API and worker use. */
  databasePassword: secret,
  ghlClientId: secret,
  ghlClientSecret: secret,
  /** Decides the simulator's webhook key, so that it outlives a restart. */
  simulatorSeed: secret,
});

/** What the local stack's processes must know and nobody else; made once, kept in the data folder. */
export type Secrets = z.infer<typeof secretsSchema>;

/** The file with the secrets is there but cannot be used; making new ones would lock us out of our own data. */
export class SecretsError extends Error {
  readonly code = 'Secrets';
  constructor(file: string) {
    super(`${file} cannot be read as the secrets of the local stack. Restore it, or delete the whole data folder.`);
    this.name = 'SecretsError';
  }
}

const makeSecrets = (): Secrets => ({
  encryptionKeys: `1:${randomBytes(32).toString('base64')}`,
  databasePassword: randomBytes(24).toString('base64url'),
  ghlClientId: randomBytes(12).toString('hex'),
  ghlClientSecret: randomBytes(24).toString('base64url'),
  simulatorSeed: randomBytes(16).toString('hex'),
});

/**
 * Reads the local stack's secrets, or makes them when there are none.
 * @throws SecretsError
 */
export async function readOrMakeSecrets(dataDir: string): Promise<Secrets> {
  const file = join(dataDir, 'secrets.json');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new SecretsError(file);
  });
  if (text === undefined) {
    const secrets = makeSecrets();
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await writeFile(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
    return secrets;
  }
  try {
    return secretsSchema.parse(JSON.parse(text));
  } catch {
    throw new SecretsError(file);
  }
}
