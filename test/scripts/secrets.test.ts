import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { readOrMakeSecrets, SecretsError } from '../../scripts/stack/secrets.ts';
import { useFolder } from './stack-files.ts';

const path = useFolder();

describe('the secrets of the local stack', () => {
  it('are made once, for the eyes of this user alone', async () => {
    const made = await readOrMakeSecrets(path('data'));
    expect((await stat(path('data', 'secrets.json'))).mode & 0o777).toBe(0o600);
    expect((await stat(path('data'))).mode & 0o777).toBe(0o700);
    expect(await readdir(path('data'))).toEqual(['secrets.json']);
    expect(await readOrMakeSecrets(path('data'))).toEqual(made);
    expect(() => parseKeyRing(made.encryptionKeys)).not.toThrow();
  });

  it('are others in every folder', async () => {
    const [one, two] = [await readOrMakeSecrets(path('one')), await readOrMakeSecrets(path('two'))];
    for (const [name, value] of Object.entries(one)) expect(Object.values(two), name).not.toContain(value);
  });

  it.each([
    ['is cut short', (text: string) => text.slice(0, 40)],
    ['is empty', () => ''],
    ['lacks one', (text: string) => text.replace('databasePassword', 'password')],
    ['has an empty one', (text: string) => text.replace(/("ghlClientSecret": )"[^"]*"/, '$1""')],
  ])('are neither replaced nor shown when their file %s', async (_, spoil) => {
    const made = await readOrMakeSecrets(path());
    const spoilt = spoil(await readFile(path('secrets.json'), 'utf8'));
    await writeFile(path('secrets.json'), spoilt);
    const error: unknown = await readOrMakeSecrets(path()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SecretsError);
    expect(String(error)).toContain(path('secrets.json'));
    for (const value of Object.values(made)) expect(String(error)).not.toContain(value);
    expect(await readFile(path('secrets.json'), 'utf8')).toBe(spoilt);
  });

  it('are made anew where only a half-written draft was left', async () => {
    await writeFile(path('secrets.json.new'), '{"encryp');
    const made = await readOrMakeSecrets(path());
    expect(await readOrMakeSecrets(path())).toEqual(made);
  });
});
