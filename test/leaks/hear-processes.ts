import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Evidence, suiteEvidence } from './evidence.ts';
import { listEnvironmentSecrets } from './used-values.ts';

const sayLines = (evidence: Evidence, place: string, text: string): void => {
  for (const line of text.split('\n')) if (line !== '') evidence.say('log line', place, line);
};

/** Keeps what a process of the product has printed into a file, and the secrets of its environment. */
export async function hearLogFile(
  file: string,
  environment: NodeJS.ProcessEnv,
  evidence = suiteEvidence,
): Promise<void> {
  if (!evidence.isKept) return;
  evidence.use(listEnvironmentSecrets(environment));
  sayLines(evidence, basename(file), await readFile(file, 'utf8'));
}

/** Keeps what a process of the product prints, and the secrets of its environment. */
export function hearChild(name: string, child: ChildProcess, environment: NodeJS.ProcessEnv): void {
  suiteEvidence.use(listEnvironmentSecrets(environment));
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data: Buffer) => sayLines(suiteEvidence, name, data.toString()));
}

/** Keeps what a page of metrics says. */
export async function hearMetrics(url: string): Promise<void> {
  if (suiteEvidence.isKept) suiteEvidence.say('metrics', 'GET /metrics', await (await fetch(url)).text());
}
