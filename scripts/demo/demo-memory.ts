import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const ids = z.record(z.string(), z.uuid());

const grownAgencySchema = z.object({
  /** Stands in all its GHL ids. */
  key: z.string().min(1),
  agencyId: z.uuid(),
  /** Our ids by the plan's keys. */
  locations: ids,
  reps: ids,
  /** For POST /v1/leads and its like. */
  apiKey: z.string().min(1),
  /** What the workflow of the Phoenix account sends in its header. */
  workflowSecret: z.string().min(1),
  plantedAt: z.iso.datetime(),
  /** Null while its leads have not all been sent and checked. */
  finishedAt: z.iso.datetime().nullable(),
});

const memorySchema = z.object({ agencies: z.array(grownAgencySchema) });

/** An agency of the demonstration, planted, with what its callers must know. */
export type GrownAgency = z.infer<typeof grownAgencySchema>;

/** The file in which the demonstration remembers its agencies cannot be used. */
export class DemoMemoryError extends Error {
  readonly code = 'DemoMemory';
  constructor(file: string) {
    super(`${file} cannot be read. Delete it: the next run then plants a new sample agency.`);
    this.name = 'DemoMemoryError';
  }
}

const fileOf = (dataDir: string): string => join(dataDir, 'demo.json');

/**
 * The agencies that earlier runs have planted, oldest first.
 * @throws DemoMemoryError
 */
export async function readGrownAgencies(dataDir: string): Promise<GrownAgency[]> {
  const file = fileOf(dataDir);
  try {
    return memorySchema.parse(JSON.parse(await readFile(file, 'utf8'))).agencies;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new DemoMemoryError(file);
  }
}

/** Adds an agency, or writes over the one with its key. The file holds secrets: only its owner may read it. */
export async function rememberAgency(dataDir: string, agency: GrownAgency): Promise<void> {
  const others = (await readGrownAgencies(dataDir)).filter((known) => known.key !== agency.key);
  const file = fileOf(dataDir);
  await writeFile(`${file}.new`, `${JSON.stringify({ agencies: [...others, agency] }, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
