import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';

/** The arguments or the environment do not say what to start; the message lists every problem. */
export class SettingsError extends Error {
  readonly code = 'Settings';
  constructor(problems: string[]) {
    super(`npm start cannot use its settings:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'SettingsError';
  }
}

export const USAGE = `Starts everything Switchyard needs on this machine: Postgres, Temporal with its Web UI, a simulated GHL,
the API and the worker; migrates, and sends a day's worth of sample leads through the signed webhook.

  npm start                        until Ctrl-C; a second start finds its data again
  npm start -- --scenario once     runs the demonstration once, stops everything, exits 0 when all went well
  npm start -- --no-demo           sends no sample leads
  npm start -- --help

Environment:
  SWITCHYARD_DATA_DIR  data, logs and secrets of the local stack     .switchyard
  DATABASE_URL         a Postgres of yours, as a role that may create roles, instead of starting one
  TEMPORAL_ADDRESS     a Temporal server of yours (host:port) instead of starting one
  TEMPORAL_UI_URL      the origin of that server's Web UI, served below /temporal with the codec endpoint /codec
  TEMPORAL_CLI_PATH    the temporal program to start
  API_PORT             3000        POSTGRES_PORT        5544
  WORKER_HEALTH_PORT   3001        TEMPORAL_PORT        7244
  SIMULATOR_PORT       4010        TEMPORAL_UI_PORT     8244
`;

const port = (fallback: number): z.ZodDefault<z.ZodCoercedNumber> =>
  z.coerce.number().int().min(1).max(65_535).default(fallback);

const environmentSchema = z.object({
  SWITCHYARD_DATA_DIR: z.string().min(1).default('.switchyard'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s:]+:\d+$/, 'wanted is host:port')
    .optional(),
  TEMPORAL_UI_URL: z.url({ protocol: /^https?$/ }).optional(),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  API_PORT: port(3000),
  WORKER_HEALTH_PORT: port(3001),
  SIMULATOR_PORT: port(4010),
  POSTGRES_PORT: port(5544),
  TEMPORAL_PORT: port(7244),
  TEMPORAL_UI_PORT: port(8244),
});

/** Each names the port of one part of the local stack. */
export const PORT_VARIABLES = [
  'API_PORT',
  'WORKER_HEALTH_PORT',
  'SIMULATOR_PORT',
  'POSTGRES_PORT',
  'TEMPORAL_PORT',
  'TEMPORAL_UI_PORT',
] as const;

const argumentsSchema = z.object({
  help: z.boolean().default(false),
  'no-demo': z.boolean().default(false),
  scenario: z.enum(['once'], 'the only scenario is "once"').optional(),
});

export interface Settings {
  help: boolean;
  demo: boolean;
  /** Stop when the demonstration has ended. */
  once: boolean;
  /** Absolute. */
  dataDir: string;
  databaseUrl: string | undefined;
  temporalAddress: string | undefined;
  temporalUiUrl: string | undefined;
  namespace: string;
  ports: Record<'api' | 'workerHealth' | 'simulator' | 'postgres' | 'temporal' | 'temporalUi', number>;
}

const ARGUMENTS = {
  help: { type: 'boolean' },
  'no-demo': { type: 'boolean' },
  scenario: { type: 'string' },
} as const;

function readArguments(args: string[]): { values: Record<string, unknown>; problems: string[] } {
  try {
    return { values: parseArgs({ args, options: ARGUMENTS, strict: true }).values, problems: [] };
  } catch (error) {
    return { values: {}, problems: [`${error instanceof Error ? error.message : 'unknown argument'} (see --help)`] };
  }
}

/** Two servers that want one port: nothing listens there yet, so the look for taken ports cannot tell. */
function findSharedPorts(environment: z.infer<typeof environmentSchema>): string[] {
  const names = PORT_VARIABLES.filter((name, index) =>
    PORT_VARIABLES.some((other, place) => place !== index && environment[other] === environment[name]),
  );
  const shared = [...new Set(names.map((name) => environment[name]))];
  return shared.map(
    (number) => `${names.filter((name) => environment[name] === number).join(', ')}: each needs a port of its own`,
  );
}

const describeIssues = (error: z.ZodError): string[] =>
  error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);

/**
 * Reads what `npm start` is told by its arguments and the environment. An empty variable counts as not set.
 * @param root what a relative data folder is relative to
 * @throws SettingsError listing every problem of both
 */
export function readSettings(args: string[], environment: NodeJS.ProcessEnv, root: string): Settings {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const { values, problems } = readArguments(args);
  const variables = environmentSchema.safeParse(given);
  const options = argumentsSchema.safeParse(values);
  if (!options.success) problems.push(...describeIssues(options.error).map((problem) => `--${problem}`));
  if (options.data?.scenario === 'once' && options.data['no-demo']) {
    problems.push('--scenario once and --no-demo exclude each other');
  }
  problems.push(...(variables.success ? findSharedPorts(variables.data) : describeIssues(variables.error)));
  if (!variables.success || !options.success || problems.length > 0) throw new SettingsError(problems);
  const value = variables.data;
  return {
    help: options.data.help,
    demo: !options.data['no-demo'],
    once: options.data.scenario === 'once',
    dataDir: resolve(root, value.SWITCHYARD_DATA_DIR),
    databaseUrl: value.DATABASE_URL,
    temporalAddress: value.TEMPORAL_ADDRESS,
    temporalUiUrl: value.TEMPORAL_UI_URL,
    namespace: value.TEMPORAL_NAMESPACE,
    ports: {
      api: value.API_PORT,
      workerHealth: value.WORKER_HEALTH_PORT,
      simulator: value.SIMULATOR_PORT,
      postgres: value.POSTGRES_PORT,
      temporal: value.TEMPORAL_PORT,
      temporalUi: value.TEMPORAL_UI_PORT,
    },
  };
}
