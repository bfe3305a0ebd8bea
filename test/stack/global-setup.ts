import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import type { TestProject } from 'vitest/node';
import { startPostgres } from '../../scripts/stack/postgres.ts';
import { endLeftovers, findStartTime } from '../../scripts/stack/process-record.ts';
import { BEHIND_API, SEARCH_ATTRIBUTES } from '../../scripts/stack/temporal.ts';
import { WORKFLOW_SOURCES } from '../../worker/workflow-code.ts';
import { suiteEvidence } from '../leaks/evidence.ts';
import { hearHistories } from '../leaks/hear-histories.ts';
import { compilePrograms, type Program } from './compile-programs.ts';
import { findMemoryFolder, MEMORY_FOLDER } from './memory-folder.ts';
import { decideNeeds, readFilters } from './needs.ts';
import { prepareTemplate } from './template.ts';
import { startTestTemporal } from './temporal-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Connects as the superuser to the test server; empty when no selected test needs Postgres. */
    postgresUrl: string;
    /** host:port of a Temporal server with namespace default; empty when no selected test needs it. */
    temporalAddress: string;
    /** The origin of that server's Web UI, served below /temporal; empty when there is none. */
    temporalUiUrl: string;
    /** File with the bundled workflows; empty when there are none or no selected test needs them. */
    workflowBundlePath: string;
    /** What Node runs as processes of their own, by the scripts it was compiled from; empty when no selected test needs it. */
    programs: Partial<Record<Program, string>>;
  }
}

const root = join(import.meta.dirname, '..', '..');
const log = (line: string): void => console.log(`[stack] ${line}`);

/** Temporal looks after minutes whether anything ends on a version of the workers that it sends no work any more. */
const QUICK_DRAINAGE = ['VersionDrainageStatusVisibilityGracePeriod', 'VersionDrainageStatusRefreshInterval'].map(
  (name) => `matching.wv.${name}="1s"`,
);

type Stop = () => Promise<void>;

/** Removes what runs that were killed have left; another run at the same time keeps its own folder. */
async function removeOldRuns(runsFolder: string): Promise<void> {
  for (const name of await readdir(runsFolder).catch(() => [])) {
    if ((await findStartTime(Number(name))) !== undefined) continue;
    await endLeftovers(join(runsFolder, name, 'run'), log);
    await rm(join(runsFolder, name), { recursive: true, force: true });
  }
}

/** What all test files have left in Temporal, for the search of `npm test`. */
async function hearSharedServer(address: string): Promise<void> {
  await hearHistories(address);
  suiteEvidence.flush();
}

async function providePostgres(project: TestProject, folder: string): Promise<Stop> {
  const external = process.env['DATABASE_URL'];
  if (external) {
    await prepareTemplate(external);
    project.provide('postgresUrl', external);
    return async () => {};
  }
  // What would let the log grow to a gigabyte is of use to nobody here; nor is what looks after tables that live for seconds,
  // nor processes that read ahead from a disk.
  const settings = { max_wal_size: '256MB', autovacuum: 'off', io_method: 'sync' };
  const postgres = await startPostgres({
    dataDir: join(folder, 'postgres'),
    port: 0,
    unsafeAndFast: true,
    settings,
    log,
  });
  await prepareTemplate(postgres.ownerUrl);
  project.provide('postgresUrl', postgres.ownerUrl);
  return postgres.stop;
}

async function provideTemporal(project: TestProject, folder: string): Promise<Stop> {
  const external = process.env['TEMPORAL_ADDRESS'];
  if (external) {
    project.provide('temporalAddress', external);
    project.provide('temporalUiUrl', process.env['TEMPORAL_UI_URL'] ?? '');
    return () => hearSharedServer(external);
  }
  const ports = { port: 0, uiPort: 0, behindApi: BEHIND_API };
  const server = { ...ports, namespace: 'default', searchAttributes: SEARCH_ATTRIBUTES, inMemory: true };
  const temporal = await startTestTemporal({ dataDir: folder, ...server, settings: QUICK_DRAINAGE, log });
  project.provide('temporalAddress', temporal.address);
  project.provide('temporalUiUrl', temporal.uiUrl ?? '');
  return async () => {
    await hearSharedServer(temporal.address);
    await temporal.stop();
  };
}

async function provideWorkflowBundle(project: TestProject, folder: string): Promise<Stop> {
  const { code } = await bundleWorkflowCode({ ...WORKFLOW_SOURCES, logger: new DefaultLogger('WARN') });
  const file = join(folder, 'workflow-bundle.js');
  await writeFile(file, code);
  project.provide('workflowBundlePath', file);
  return async () => {};
}

async function providePrograms(project: TestProject, folder: string): Promise<Stop> {
  project.provide('programs', await compilePrograms(join(folder, 'programs')));
  return async () => {};
}

/** Starts, once for all test files, the servers that the selected tests need. Returns what stops them. */
export async function setup(project: TestProject): Promise<Stop> {
  project.provide('postgresUrl', '');
  project.provide('temporalAddress', '');
  project.provide('temporalUiUrl', '');
  project.provide('workflowBundlePath', '');
  project.provide('programs', {});
  const { testFiles } = await project.globTestFiles(readFilters(process.argv));
  const needs = decideNeeds(testFiles, join(root, 'test'));

  const runsFolder = join(root, '.switchyard', 'test');
  await removeOldRuns(runsFolder);
  // What another user's run has left there is not ours to remove.
  await removeOldRuns(MEMORY_FOLDER).catch(() => {});
  const folder = join(runsFolder, String(process.pid));
  const quickFolder = join((await findMemoryFolder()) ?? runsFolder, String(process.pid));
  for (const each of [folder, quickFolder]) await mkdir(each, { recursive: true });
  const starting: Promise<Stop>[] = [];
  if (needs.postgres) starting.push(providePostgres(project, quickFolder));
  if (needs.temporal) starting.push(provideTemporal(project, folder), provideWorkflowBundle(project, folder));
  if (needs.programs) starting.push(providePrograms(project, folder));
  const started = await Promise.allSettled(starting);
  const stop: Stop = async () => {
    for (const part of started) if (part.status === 'fulfilled') await part.value();
    for (const each of [quickFolder, folder]) await rm(each, { recursive: true, force: true });
  };
  const problem = started.find((part) => part.status === 'rejected');
  if (problem) {
    await stop();
    throw problem.reason;
  }
  return stop;
}
