import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { parseKeyRing } from './crypto/key-ring.ts';
import type { GhlDoor } from './domain/authorize-url.ts';
import type { InstallPurpose } from './domain/ghl-scopes.ts';
import { canonicalAddress } from './domain/public-address.ts';
import { dropsBodies, parseRetentionDays, parseRetentionMonths } from './domain/retention.ts';
import type { OutboundRules } from './domain/webhook-url.ts';
import { UNVERSIONED } from './domain/worker-deployment.ts';
import { readGhlPublicKeys } from './ghl/webhooks.ts';

/**
 * GHL's published Ed25519 webhook key. Compare it once with the portal's page before going live; it can rotate, and
 * several keys may be valid at once.
 */
const GHL_PUBLISHED_WEBHOOK_KEY = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=
-----END PUBLIC KEY-----`;

/** Turns a reader that throws into a zod transform that reports the problem beside all others. */
const parsedBy =
  <T, Given = string>(read: (given: Given) => T) =>
  (given: Given, context: z.RefinementCtx): T => {
    try {
      return read(given);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'cannot be read' });
      return z.NEVER;
    }
  };

const port = z.coerce.number().int().min(0).max(65_535);
const milliseconds = z.coerce.number().int().positive();
const origin = z
  .url({ protocol: /^https?$/ })
  .refine((text) => URL.canParse(text) && new URL(text).href === `${new URL(text).origin}/`, 'is more than an origin')
  .transform((text) => new URL(text).origin);

function readAddress(text: string): string {
  const address = canonicalAddress(text);
  if (address === undefined) throw new TypeError('wanted are addresses such as 127.0.0.1, separated by commas');
  return address;
}

const variablesSchema = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(200).default(10),
  ENCRYPTION_KEYS: z.string().transform(parsedBy(parseKeyRing)),
  GHL_BASE_URL: z.url().default('https://services.leadconnectorhq.com'),
  GHL_CLIENT_ID: z.string().min(1).optional(),
  GHL_CLIENT_SECRET: z.string().min(1).optional(),
  /** GHL's page wants it in the install link beside the client id. */
  GHL_APP_VERSION_ID: z.string().min(1).optional(),
  /** The app whose users are agencies, which makes new locations. */
  GHL_PROVISIONING_CLIENT_ID: z.string().min(1).optional(),
  GHL_PROVISIONING_CLIENT_SECRET: z.string().min(1).optional(),
  GHL_PROVISIONING_APP_VERSION_ID: z.string().min(1).optional(),
  /** Where people install the app; https://marketplace.leadconnectorhq.com/v2/oauth/chooselocation shows no GHL brand. */
  GHL_AUTHORIZE_URL: z
    .url({ protocol: /^https?$/ })
    .default('https://marketplace.gohighlevel.com/v2/oauth/chooselocation'),
  /** As it is registered in GHL's portal, where that is not API_PUBLIC_URL and /oauth/ghl/callback. */
  GHL_REDIRECT_URI: z.url({ protocol: /^https?$/ }).optional(),
  GHL_WEBHOOK_PUBLIC_KEYS: z.string().default(GHL_PUBLISHED_WEBHOOK_KEY).transform(parsedBy(readGhlPublicKeys)),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  /** Temporal's Web UI, served below /temporal and reached by the API alone. */
  TEMPORAL_UI_URL: origin.optional(),
  API_HOST: z.string().default('127.0.0.1'),
  API_PORT: port.default(3000),
  /** By which browsers reach the API, where that is not API_HOST and API_PORT: https behind a proxy that ends TLS. */
  API_PUBLIC_URL: origin.optional(),
  /** The host the worker's health server listens on, for orchestrators that probe it. */
  WORKER_HEALTH_HOST: z.string().default('127.0.0.1'),
  WORKER_HEALTH_PORT: port.default(3001),
  /** Which lanes of work this worker process takes: any of interactive, sync, bulk; all by default. */
  WORKER_QUEUES: z
    .string()
    .default('interactive,sync,bulk')
    .transform((text) => text.split(',').map((name) => name.trim()))
    .pipe(z.array(z.enum(['interactive', 'sync', 'bulk'])).min(1)),
  /** The name under which Temporal knows the versions of the workers; without it workers tell no version. */
  WORKER_DEPLOYMENT: z
    .string()
    .regex(/^[\w-]{1,60}$/, 'is more than letters, digits, - and _')
    .optional(),
  /** The version of this code, as the image carries it: each build has one of its own. */
  WORKER_BUILD_ID: z
    .string()
    .regex(/^[\w.-]{1,60}$/, 'is more than letters, digits, ., - and _')
    .refine((id) => id !== UNVERSIONED, 'is the word for workers without a version')
    .optional(),
  /** The compiled workflow bundle; without it the worker and `cli replay` bundle the sources, which production never does. */
  WORKFLOW_BUNDLE_PATH: z.string().optional(),
  MAX_CACHED_WORKFLOWS: z.coerce.number().int().min(0).default(300),
  /** Where traces go, by OTLP over HTTP, such as http://127.0.0.1:4318; without it nothing is recorded. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  /** The mail server of notices: smtps:// for TLS from the start, smtp:// for STARTTLS; without it no notice goes by mail. */
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  /** `none` lets a mail server that speaks no TLS have the mails; one on this machine needs none anyway. */
  SMTP_TLS: z.enum(['required', 'none']).default('required'),
  /** The address that notices come from. */
  NOTICE_MAIL_FROM: z.email().optional(),
  /** Addresses, each alone, that webhooks may be sent to although they are private: for development, such as 127.0.0.1. */
  WEBHOOKS_OUT_PRIVATE_ADDRESSES: z
    .string()
    .default('')
    .transform((text) => text.split(',').flatMap((address) => (address.trim() === '' ? [] : [address.trim()])))
    .transform(parsedBy((addresses: string[]) => new Set(addresses.map(readAddress)))),
  /** Whether webhooks may be sent by plain http: for development. */
  WEBHOOKS_OUT_ALLOW_HTTP: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true'),
  /** For how many months tables are kept, where that is not as usual: events=13,audit_log=never. */
  RETENTION_MONTHS: z.string().default('').transform(parsedBy(parseRetentionMonths)),
  /** After how many days rows go, where that is not as usual: event-bodies=14,inbox=never. */
  RETENTION_DAYS: z.string().default('').transform(parsedBy(parseRetentionDays)),
  SHUTDOWN_GRACE_MS: milliseconds.default(20_000),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

const environmentSchema = variablesSchema
  .refine(({ RETENTION_MONTHS: months, RETENTION_DAYS: days }) => !dropsBodies({ months, days }), {
    path: ['RETENTION_MONTHS'],
    message: 'events would be dropped before the days of event-bodies are over',
  })
  .superRefine(({ SMTP_URL, NOTICE_MAIL_FROM }, context) => {
    if ((SMTP_URL === undefined) === (NOTICE_MAIL_FROM === undefined)) return;
    const [missing, given] =
      SMTP_URL === undefined ? ['SMTP_URL', 'NOTICE_MAIL_FROM'] : ['NOTICE_MAIL_FROM', 'SMTP_URL'];
    context.addIssue({ code: 'custom', path: [missing], message: `is needed beside ${given}` });
  });

export type Config = z.infer<typeof environmentSchema>;

/** What `readConfig` looks at. */
export const CONFIG_VARIABLES = Object.keys(variablesSchema.shape);

/** Variables that may come from a file instead, named by the same name and `_FILE`: a mounted secret shows in no list. */
export const SECRET_VARIABLES = [
  'DATABASE_URL',
  'DATABASE_OWNER_URL',
  'ENCRYPTION_KEYS',
  'GHL_CLIENT_SECRET',
  'GHL_PROVISIONING_CLIENT_SECRET',
  'TEMPORAL_API_KEY',
  'SMTP_URL',
];

/** The environment does not describe a runnable process; the message lists every problem. */
export class ConfigError extends Error {
  readonly code = 'Config';
  constructor(problems: string[]) {
    super(`The environment is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/**
 * Completes the environment by the secrets that stand in files, without the space around them. What is empty counts as
 * not set, be it variable or file: a file of orchestrators can only be left empty, not left out.
 * @throws ConfigError naming every variable that is set twice or whose file cannot be read, never what a file holds
 */
export function completeSecrets(given: NodeJS.ProcessEnv): Record<string, string> {
  const variables = Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value]])),
  );
  const problems: string[] = [];
  for (const name of SECRET_VARIABLES) {
    const file = variables[`${name}_FILE`];
    if (file === undefined) continue;
    if (variables[name] !== undefined) {
      problems.push(`${name} and ${name}_FILE are both set: which of them holds is not guessed`);
      continue;
    }
    try {
      const secret = readFileSync(file, 'utf8').trim();
      if (secret !== '') variables[name] = secret;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      problems.push(`${name}_FILE: the file cannot be read (${code})`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return variables;
}

/**
 * Reads the environment, at entry points only. Values are never repeated in messages: some are secrets.
 * @throws ConfigError naming every variable that is missing or wrong
 */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const parsed = environmentSchema.safeParse(environment);
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    parsed.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      return environment[name] === undefined ? `${name} is missing` : `${name}: ${issue.message}`;
    }),
  );
}

/** The origin by which browsers reach the API, for links and cookies. */
export function publicUrlOf(config: Pick<Config, 'API_PUBLIC_URL' | 'API_HOST' | 'API_PORT'>): string {
  if (config.API_PUBLIC_URL !== undefined) return config.API_PUBLIC_URL;
  // Who listens on all addresses is reached on this machine by the loopback address.
  const host = ['0.0.0.0', '::'].includes(config.API_HOST) ? '127.0.0.1' : config.API_HOST;
  return `http://${host.includes(':') ? `[${host}]` : host}:${config.API_PORT}`;
}

/**
 * The version that the workers of this process tell Temporal; null where they tell none.
 * @throws ConfigError for a deployment without a build id: only workers need both
 */
export function workerVersionOf(config: Config): { deploymentName: string; buildId: string } | null {
  const { WORKER_DEPLOYMENT: deploymentName, WORKER_BUILD_ID: buildId } = config;
  if (deploymentName === undefined) return null;
  if (buildId === undefined) throw new ConfigError(['WORKER_BUILD_ID is missing: WORKER_DEPLOYMENT wants it']);
  return { deploymentName, buildId };
}

/** The credentials of our two GHL apps; null where none is configured. */
export function ghlAppsOf(config: Config): Record<InstallPurpose, { clientId: string; clientSecret: string } | null> {
  const app = (clientId: string | undefined, clientSecret: string | undefined) =>
    clientId !== undefined && clientSecret !== undefined ? { clientId, clientSecret } : null;
  return {
    locations: app(config.GHL_CLIENT_ID, config.GHL_CLIENT_SECRET),
    provisioning: app(config.GHL_PROVISIONING_CLIENT_ID, config.GHL_PROVISIONING_CLIENT_SECRET),
  };
}

/** The mail server of notices and whom they come from; null where none is configured, and notices go by no mail. */
export function mailOf(
  config: Pick<Config, 'SMTP_URL' | 'SMTP_TLS' | 'NOTICE_MAIL_FROM'>,
): { url: string; from: string; requiresTls: boolean } | null {
  const { SMTP_URL: url, NOTICE_MAIL_FROM: from } = config;
  if (url === undefined || from === undefined) return null;
  return { url, from, requiresTls: config.SMTP_TLS === 'required' };
}

/** What install links are made of: no secret is among it. */
export function ghlDoorOf(config: Config): GhlDoor {
  const app = (clientId: string | undefined, versionId: string | undefined) =>
    clientId === undefined ? null : { clientId, versionId: versionId ?? null };
  return {
    authorizeUrl: config.GHL_AUTHORIZE_URL,
    redirectUri: config.GHL_REDIRECT_URI ?? `${publicUrlOf(config)}/oauth/ghl/callback`,
    apps: {
      locations: app(config.GHL_CLIENT_ID, config.GHL_APP_VERSION_ID),
      provisioning: app(config.GHL_PROVISIONING_CLIENT_ID, config.GHL_PROVISIONING_APP_VERSION_ID),
    },
  };
}

/** Where webhooks may be sent. */
export const outboundRulesOf = (config: Config): OutboundRules => ({
  privateAddresses: config.WEBHOOKS_OUT_PRIVATE_ADDRESSES,
  isHttpAllowed: config.WEBHOOKS_OUT_ALLOW_HTTP,
});
