import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../cli/program.ts';
import { createSession } from '../../cli/session.ts';
import { recordTerminal } from '../cli/harness.ts';
import { readCompose, repository } from './compose.ts';

const textOf = (path: string): Promise<string> => readFile(new URL(path, repository), 'utf8');
const [docs, composeText] = await Promise.all([textOf('docs/deploy.md'), textOf('docker-compose.yml')]);
const { services } = await readCompose({ API_PUBLIC_URL: 'https://switchyard.example' });
const { terminal } = recordTerminal({ environment: {}, folder: '/nowhere' });
const program = createProgram(createSession(terminal));

/** What is typed in the page: commands of blocks and of the running text. */
const typed = [...docs.matchAll(/^ *((?:[A-Z_]+=\S+ )?(?:docker|cli) .*)$|`((?:[A-Z_]+=\S+ )?(?:docker|cli) [^`]*)`/gm)]
  .map(([, line, inline]) => (line ?? inline)!.replace(/ #.*$/, '').trim())
  .flatMap((line) => line.split(' && '));

const childOf = (parent: Command, name: string): Command | undefined =>
  parent.commands.find((command) => command.name() === name);

describe('docs/deploy.md', () => {
  it('names services that are there, and the one for a version that comes', () => {
    const named = typed.flatMap((line) => {
      const [, verb, rest = ''] = /docker compose (\w+)(.*)$/.exec(line) ?? [];
      if (verb === undefined || verb === 'build' || verb === 'exec') return [];
      return rest.split(' ').filter((word) => /^[a-z][a-z-]*$/.test(word));
    });
    expect(named).toEqual(expect.arrayContaining(['worker', 'worker-next', 'api', 'migrate']));
    expect(named.filter((name) => !(name in services))).toEqual([]);
  });

  it('sets variables that the containers read', () => {
    const set = new Set([...docs.matchAll(/\b(SWITCHYARD_[A-Z_]+)\b/g)].map(([, name]) => name!));
    expect([...set]).toEqual(expect.arrayContaining(['SWITCHYARD_IMAGE', 'SWITCHYARD_NEXT_IMAGE']));
    for (const name of set) expect(composeText).toContain(`\${${name}:-`);
  });

  it('types commands about versions as the program has them', () => {
    const commands = [...docs.matchAll(/\bdeployments ([a-z]+-?[a-z]*)((?: [^`\n#|]*)?)/g)];
    const names = new Set(commands.map(([, name]) => name!));
    expect([...names].sort()).toEqual(['drain-status', 'roll-back', 'roll-out', 'show']);
    for (const [, name, rest] of commands) {
      const command = childOf(childOf(program, 'deployments')!, name!);
      expect(command, name).toBeDefined();
      const known = [...command!.options, ...program.options].map(({ long }) => long);
      for (const [option] of rest!.matchAll(/--[a-z]+/g)) expect(known, `${name} ${option}`).toContain(option);
    }
  });
});
