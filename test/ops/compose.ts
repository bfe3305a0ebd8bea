import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';

export const repository = new URL('../../', import.meta.url);

const waited = z.record(
  z.string(),
  z.strictObject({ condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']) }),
);
const seconds = z
  .string()
  .regex(/^\d+s$/)
  .transform((text) => Number.parseInt(text));
const service = z.strictObject({
  image: z.string(),
  build: z.strictObject({ context: z.literal('.'), args: z.record(z.string(), z.string()) }).optional(),
  profiles: z.array(z.string()).optional(),
  user: z.string().optional(),
  init: z.boolean().optional(),
  restart: z.enum(['no', 'unless-stopped']),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string().nullable()).default({}),
  secrets: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  tmpfs: z.array(z.string()),
  shm_size: z.string().optional(),
  depends_on: waited.default({}),
  healthcheck: z
    .strictObject({
      test: z.tuple([z.literal('CMD')], z.string()),
      interval: seconds,
      timeout: seconds,
      retries: z.number(),
      start_period: seconds,
    })
    .optional(),
  stop_signal: z.string().optional(),
  stop_grace_period: seconds.optional(),
  read_only: z.boolean(),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
  logging: z.strictObject({ driver: z.string(), options: z.record(z.string(), z.string()) }),
  deploy: z.strictObject({
    resources: z.strictObject({ limits: z.strictObject({ cpus: z.string(), memory: z.string() }) }),
  }),
  networks: z.array(z.string()),
});
const composeSchema = z.object({
  name: z.string(),
  services: z.record(z.string(), service),
  networks: z.record(z.string(), z.strictObject({ internal: z.boolean().default(false) })),
  volumes: z.record(z.string(), z.strictObject({})),
  secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
});

export type Service = z.infer<typeof service>;

/**
 * docker-compose.yml with the variables of `.env` put in, as Compose does it.
 * @throws when it holds what this project's file does not use, so that a misspelt key is found
 */
export async function readCompose(variables: Record<string, string>) {
  const text = await readFile(new URL('docker-compose.yml', repository), 'utf8');
  return composeSchema.parse(interpolate(parse(text, { merge: true }), variables));
}

function interpolate(value: unknown, variables: Record<string, string>): unknown {
  if (typeof value === 'string') return fillIn(value, variables);
  if (Array.isArray(value)) return value.map((each) => interpolate(each, variables));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, interpolate(each, variables)]));
}

/** `${NAME:-default}`, `${NAME:?message}`, and `$$` for a dollar that the container's shell sees. */
function fillIn(text: string, variables: Record<string, string>): string {
  return text.replace(
    /\$\$|\$\{(\w+):([-?])([^}]*)\}/g,
    (whole, name: string | undefined, kind: string, rest: string) => {
      if (name === undefined) return '$';
      const value = variables[name];
      if (value === undefined && kind === '?') throw new Error(`${name} is wanted: ${rest}`);
      return value ?? (kind === '-' ? rest : whole);
    },
  );
}

/** The environment that a service's process sees. */
export const environmentOf = ({ environment }: Service): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).flatMap(([name, value]) => (value === null ? [] : [[name, value]])));

/** What the build compiles: files and folders at the root. */
export async function readBuildSources(): Promise<string[]> {
  const text = await readFile(new URL('tsconfig.build.json', repository), 'utf8');
  const { include } = JSON.parse(text.replace(/^\s*\/\/.*$/gm, '')) as { include: string[] };
  return include;
}
