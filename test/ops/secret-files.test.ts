import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { completeSecrets, ConfigError, mailOf, readConfig } from '../../config.ts';
import { useFolder } from '../scripts/stack-files.ts';

const path = useFolder();

const fileOf = async (name: string, content: string): Promise<string> => {
  await writeFile(path(name), content);
  return path(name);
};

const refusalOf = (environment: NodeJS.ProcessEnv): ConfigError => {
  try {
    completeSecrets(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error;
  }
  throw new Error('nothing was refused');
};

describe('a secret in a file', () => {
  it('is read in place of the variable, without the line’s end', async () => {
    const key = `1:${Buffer.alloc(32, 7).toString('base64')}`;
    const variables = completeSecrets({
      DATABASE_URL_FILE: await fileOf('url', 'postgres://app:word@db/switchyard\n'),
      ENCRYPTION_KEYS_FILE: await fileOf('keys', `${key}\r\n`),
      GHL_CLIENT_SECRET_FILE: await fileOf('ghl', 'from-a-file'),
      GHL_PROVISIONING_CLIENT_SECRET_FILE: await fileOf('provisioning', 'another-file'),
      TEMPORAL_API_KEY_FILE: await fileOf('temporal', 'cloud-key\n'),
    });
    expect(variables).toMatchObject({ TEMPORAL_API_KEY: 'cloud-key', ENCRYPTION_KEYS: key });
    expect(readConfig(variables)).toMatchObject({
      DATABASE_URL: 'postgres://app:word@db/switchyard',
      GHL_CLIENT_SECRET: 'from-a-file',
      GHL_PROVISIONING_CLIENT_SECRET: 'another-file',
    });
  });

  it('is not guessed at when the variable is set too', async () => {
    const file = await fileOf('url', 'postgres://one@db/a');
    const refusal = refusalOf({ DATABASE_URL: 'postgres://two@db/b', DATABASE_URL_FILE: file });
    expect(refusal.message).toContain('DATABASE_URL and DATABASE_URL_FILE are both set');
    expect(refusal.message).not.toMatch(/one@db|two@db/);
  });

  it('is asked for by name, all at once, where its file cannot be read', () => {
    const refusal = refusalOf({ ENCRYPTION_KEYS_FILE: path('missing'), GHL_CLIENT_SECRET_FILE: path() });
    expect(refusal.message).toContain('ENCRYPTION_KEYS_FILE: the file cannot be read (ENOENT)');
    expect(refusal.message).toContain('GHL_CLIENT_SECRET_FILE: the file cannot be read (EISDIR)');
  });

  it('counts as not set where the file is empty, as an empty variable does', async () => {
    const empty = await fileOf('empty', '\n');
    expect(completeSecrets({ GHL_CLIENT_SECRET_FILE: empty, GHL_CLIENT_ID: '' })).toEqual({
      GHL_CLIENT_SECRET_FILE: empty,
    });
    expect(() => readConfig(completeSecrets({ DATABASE_URL_FILE: empty }))).toThrow('DATABASE_URL is missing');
  });

  it('is never taken for a variable that is no secret', async () => {
    const file = await fileOf('level', 'debug');
    expect(completeSecrets({ LOG_LEVEL_FILE: file })).toEqual({ LOG_LEVEL_FILE: file });
  });
});

describe('the mail server', () => {
  const needed = { DATABASE_URL: 'postgres://x@db/y', ENCRYPTION_KEYS: `1:${Buffer.alloc(32, 7).toString('base64')}` };

  it('comes from a file with its password, encrypts unless told otherwise, and is off without one', async () => {
    const SMTP_URL_FILE = await fileOf('smtp', 'smtps://us:word@mail.example\n');
    const set = completeSecrets({ ...needed, SMTP_URL_FILE, NOTICE_MAIL_FROM: 'notices@switchyard.example' });
    expect(mailOf(readConfig(set))).toEqual({
      url: 'smtps://us:word@mail.example',
      from: 'notices@switchyard.example',
      requiresTls: true,
    });
    expect(mailOf(readConfig({ ...set, SMTP_TLS: 'none' }))).toMatchObject({ requiresTls: false });
    expect(mailOf(readConfig(needed))).toBeNull();
  });

  it('is not guessed at when half of it is missing or wrong', () => {
    const refused = (more: NodeJS.ProcessEnv) => () => readConfig({ ...needed, ...more });
    expect(refused({ SMTP_URL: 'smtp://mail.example' })).toThrow('NOTICE_MAIL_FROM is missing');
    expect(refused({ NOTICE_MAIL_FROM: 'a@b.example' })).toThrow('SMTP_URL is missing');
    expect(refused({ SMTP_URL: 'http://mail.example', NOTICE_MAIL_FROM: 'a@b.example' })).toThrow('SMTP_URL');
    expect(refused({ SMTP_URL: 'smtp://mail.example', NOTICE_MAIL_FROM: 'a@b\r\nBcc: c' })).toThrow('NOTICE_MAIL_FROM');
  });
});
