import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { API_NODE_FLAGS } from '../../bench/api.ts';
import { completeSecrets, CONFIG_VARIABLES, readConfig, SECRET_VARIABLES, workerVersionOf } from '../../config.ts';
import { BEHIND_API, DYNAMIC_CONFIGURATION } from '../../scripts/stack/temporal.ts';
import { environmentOf, readBuildSources, readCompose, repository, type Service } from './compose.ts';

const PROCESSES = ['api', 'worker', 'worker-next'] as const;
const BUILD_ID = '0.1.0';
const ONE_SHOT = ['migrate', 'temporal-namespace', 'temporal-schema'];

const compose = await readCompose({ API_PUBLIC_URL: 'https://switchyard.example' });
const { services } = compose;
const entries = Object.entries(services);
const longRunning = entries.filter(([, { restart }]) => restart === 'unless-stopped');
const serviceOf = (name: string): Service => services[name]!;
const inRepository = (path: string): boolean => existsSync(new URL(path, repository));
const textOf = (path: string): Promise<string> => readFile(new URL(path, repository), 'utf8');

let secrets: string;
beforeAll(async () => {
  secrets = await mkdtemp(join(tmpdir(), 'switchyard-secrets-'));
  await promisify(execFile)('sh', [fileURLToPath(new URL('ops/make-secrets.sh', repository)), secrets]);
});
afterAll(() => rm(secrets, { recursive: true, force: true }));

/** What the process of a container reads: what its image carries, and the secrets of this test for the mounted ones. */
const readAs = (name: string): Record<string, string> =>
  completeSecrets(
    Object.fromEntries(
      Object.entries({ WORKER_BUILD_ID: BUILD_ID, ...environmentOf(serviceOf(name)) }).map(([key, value]) => [
        key,
        value.replace('/run/secrets', secrets),
      ]),
    ),
  );

describe('the containers', () => {
  it.each(PROCESSES)('give %s an environment it can run with, and no variable that nothing reads', (name) => {
    const config = readConfig(readAs(name));
    expect(config.TEMPORAL_NAMESPACE).toBe(serviceOf('temporal-namespace').environment['TEMPORAL_NAMESPACE']);
    const known = new Set([...CONFIG_VARIABLES, ...SECRET_VARIABLES.map((secret) => `${secret}_FILE`)]);
    // Read by Temporal's and OpenTelemetry's own libraries.
    for (const other of ['TEMPORAL_ADDRESS', 'OTEL_TRACES_SAMPLER', 'OTEL_TRACES_SAMPLER_ARG']) known.add(other);
    expect(Object.keys(serviceOf(name).environment).filter((variable) => !known.has(variable))).toEqual([]);
  });

  it('let migrations connect as another login than the processes', () => {
    const { DATABASE_OWNER_URL: owner, DATABASE_URL: login } = readAs('migrate');
    const { DATABASE_URL: used } = readAs('worker');
    expect(new URL(owner!).username).not.toBe(new URL(login!).username);
    expect(login).toBe(used);
    expect(new URL(login!).hostname).toBe('postgres');
  });

  it('hold no secret: each is a file, given to whoever names it', () => {
    const secret = /PASSWORD|SECRET|_KEY$|_PWD$|^ENCRYPTION_KEYS$|^DATABASE.*URL$/;
    for (const [name, { environment, secrets: given, entrypoint = [] }] of entries) {
      const variables = Object.keys(environment).filter((variable) => !variable.endsWith('_FILE'));
      expect(
        variables.filter((variable) => secret.test(variable)),
        name,
      ).toEqual([]);
      const read = [...Object.values(environment), ...entrypoint].flatMap((text) =>
        [...(text ?? '').matchAll(/\/run\/secrets\/(\w+)/g)].map(([, file]) => file!),
      );
      expect(given, name).toEqual(expect.arrayContaining(read));
      for (const file of given) expect(existsSync(join(secrets, file)), file).toBe(true);
    }
    const files = Object.entries(compose.secrets).map(([name, { file }]) => [file, `./secrets/${name}`]);
    for (const [file, expected] of files) expect(file).toBe(expected);
  });

  it('start what the build makes', async () => {
    const include = await readBuildSources();
    const scripts = entries.flatMap(([, { command }]) => command?.filter((word) => word.startsWith('dist/')) ?? []);
    expect(scripts.sort()).toEqual(['dist/api/server.js', 'dist/cli/migrate.js', 'dist/worker.js', 'dist/worker.js']);
    for (const script of scripts) {
      const source = script.replace(/^dist\//, '').replace(/\.js$/, '.ts');
      expect(inRepository(source), source).toBe(true);
      expect(include).toContain(source.split('/')[0]);
    }
  });

  it('start the API as it is measured, and so does the image', async () => {
    const command = ['node', ...API_NODE_FLAGS, 'dist/api/server.js'];
    expect(serviceOf('api').command).toEqual(command);
    const words = /^CMD (?<words>.+)$/m.exec(await textOf('Dockerfile'))?.groups?.['words'];
    expect(JSON.parse(words ?? '')).toEqual(command);
  });

  it('mount files that are here, read-only, and volumes that are declared', () => {
    for (const [name, { volumes }] of entries) {
      for (const [source, , mode] of volumes.map((volume) => volume.split(':'))) {
        if (source!.startsWith('./')) {
          expect(inRepository(source!), `${source} of ${name}`).toBe(true);
          expect(mode, `${source} of ${name}`).toBe('ro');
        } else expect(Object.keys(compose.volumes)).toContain(source);
      }
    }
  });

  it('run images of one named version', () => {
    for (const [name, { image }] of entries) {
      expect(image, name).toMatch(/^[\w./-]+:v?\d+\.\d+[\w.-]*$/);
      expect(image, name).not.toMatch(/latest|auto-setup/);
    }
    const versionOf = (name: string) => serviceOf(name).image.split(':')[1];
    expect(versionOf('temporal-schema')).toBe(versionOf('temporal'));
    expect(versionOf('temporal-namespace')).toBe(versionOf('temporal'));
  });

  it('are started again when they end, watched and bounded, but for those that end by themselves', () => {
    const others = entries.filter(([, { restart }]) => restart === 'no').map(([name]) => name);
    expect(others.sort()).toEqual(ONE_SHOT);
    for (const [name, { healthcheck }] of longRunning) expect(healthcheck, name).toBeDefined();
  });

  it('can neither write into their image nor gain rights', () => {
    for (const [name, { read_only, cap_drop, security_opt, tmpfs }] of entries) {
      expect({ read_only, cap_drop, security_opt }, name).toEqual({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
      expect(tmpfs, name).toContain('/tmp');
    }
  });

  it('are waited for in a way they can answer', () => {
    for (const [name, { depends_on }] of entries) {
      for (const [other, { condition }] of Object.entries(depends_on)) {
        const ends = ONE_SHOT.includes(other);
        expect(condition === 'service_completed_successfully', `${name} waits for ${other}`).toBe(ends);
      }
    }
    expect(Object.keys(serviceOf('api').depends_on)).toEqual(['migrate']);
  });

  it.each(PROCESSES)('ask %s where it answers, and leave it the time to stop', (name) => {
    const { healthcheck, stop_grace_period: graceSeconds = 10 } = serviceOf(name);
    const config = readConfig(readAs(name));
    const port = name === 'api' ? config.API_PORT : config.WORKER_HEALTH_PORT;
    expect(healthcheck!.test.join(' ')).toContain(`http://127.0.0.1:${port}/readyz`);
    expect(name === 'api' ? config.API_HOST : config.WORKER_HEALTH_HOST).toBe('0.0.0.0');
    expect(graceSeconds * 1_000).toBeGreaterThanOrEqual(config.SHUTDOWN_GRACE_MS + 5_000);
  });
});

describe('versions of the workers', () => {
  it('are told to Temporal by every worker, and known to who operates from the API’s container', async () => {
    for (const name of PROCESSES) {
      expect(serviceOf(name).build?.args).toEqual({ BUILD_ID });
      expect(workerVersionOf(readConfig(readAs(name)))).toEqual({ deploymentName: 'switchyard', buildId: BUILD_ID });
    }
    const dockerfile = await textOf('Dockerfile');
    expect(dockerfile.slice(dockerfile.lastIndexOf('FROM '))).toMatch(
      /^ARG BUILD_ID\nENV .*\bWORKER_BUILD_ID=\$\{BUILD_ID\}$/m,
    );
  });

  it('run beside each other when the next one is started by name, in an image of its own and alike in all else', async () => {
    const { services: coming } = await readCompose({
      API_PUBLIC_URL: 'https://switchyard.example',
      SWITCHYARD_IMAGE: 'switchyard:1.0.0',
      SWITCHYARD_NEXT_IMAGE: 'switchyard:1.1.0',
    });
    expect(coming['worker-next']).toEqual({ ...coming['worker'], image: 'switchyard:1.1.0', profiles: ['next'] });
    expect(entries.filter(([, { profiles }]) => profiles).map(([name]) => name)).toEqual(['worker-next']);
  });
});

describe('the networks', () => {
  const membersOf = (network: string) =>
    entries.filter(([, { networks }]) => networks.includes(network)).map(([name]) => name);

  it('let the API alone reach Temporal’s Web UI, and nobody from outside reach what has no sign-in', () => {
    expect(serviceOf('temporal-ui').networks).toEqual(['web-ui']);
    expect(membersOf('web-ui').sort()).toEqual(['api', 'temporal', 'temporal-ui']);
    expect(serviceOf('api').environment['TEMPORAL_UI_URL']).toBe('http://temporal-ui:8080');
    for (const name of ['postgres', 'temporal', 'temporal-ui']) {
      expect(serviceOf(name).ports, name).toEqual([]);
      for (const network of serviceOf(name).networks) expect(compose.networks[network]?.internal, network).toBe(true);
    }
    for (const [name, { ports }] of entries) for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:/);
  });

  it('join whoever is waited for, named in an address, or scraped', async () => {
    const share = (one: string, other: string) =>
      serviceOf(one).networks.some((network) => serviceOf(other).networks.includes(network));
    for (const name of PROCESSES) {
      expect(share(name, 'postgres')).toBe(true);
      expect(share(name, serviceOf(name).environment['TEMPORAL_ADDRESS']!.split(':')[0]!)).toBe(true);
    }
    const { scrape_configs: jobs } = parse(await textOf('ops/prometheus/prometheus.yml')) as {
      scrape_configs: { job_name: string; dns_sd_configs: { names: string[]; port: number }[] }[];
    };
    const scraped = jobs.flatMap(({ job_name: job, dns_sd_configs: found }) =>
      found.flatMap(({ names, port }) => names.map((name) => ({ job, name, port }))),
    );
    expect(scraped).toEqual([
      { job: 'switchyard-api', name: 'api', port: readConfig(readAs('api')).API_PORT },
      { job: 'switchyard-worker', name: 'worker', port: readConfig(readAs('worker')).WORKER_HEALTH_PORT },
      { job: 'switchyard-worker', name: 'worker-next', port: readConfig(readAs('worker-next')).WORKER_HEALTH_PORT },
    ]);
    for (const { name } of scraped) expect(share('prometheus', name)).toBe(true);
  });
});

describe('Temporal in containers', () => {
  it('has the dynamic configuration of the local server', async () => {
    const file = parse(await textOf('ops/temporal/dynamic-config.yaml')) as Record<string, { value: unknown }[]>;
    const settings = Object.entries(file).map(([name, [setting]]) => `${name}=${String(setting?.value)}`);
    expect(settings).toEqual(DYNAMIC_CONFIGURATION);
    const mounted = serviceOf('temporal').environment['DYNAMIC_CONFIG_FILE_PATH'];
    expect(serviceOf('temporal').volumes[0]).toContain(`dynamic-config.yaml:${mounted}:`);
  });

  it('has its Web UI where the API serves it', () => {
    expect(serviceOf('temporal-ui').environment).toMatchObject({
      TEMPORAL_UI_PUBLIC_PATH: BEHIND_API.publicPath,
      TEMPORAL_CODEC_ENDPOINT: BEHIND_API.codecPath,
    });
  });
});
