import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { HOW_TO_SIGN_IN } from '../../api/operator-access.ts';
import { createProgram } from '../../cli/program.ts';
import { createSession } from '../../cli/session.ts';
import { redriveCommand } from '../../domain/lead-redrive.ts';
import { type Facts, judgeStanding } from '../../domain/standing.ts';
import { listProductSources } from '../leaks/product-sources.ts';
import { recordTerminal } from './harness.ts';

const root = join(import.meta.dirname, '../..');
const program = createProgram(createSession(recordTerminal({ environment: {}, folder: root }).terminal));

/** Whether the words after `cli` begin with a command. */
function isCommand(words: string[]): boolean {
  let at: Command = program;
  for (const word of words) {
    if (at.commands.length === 0) return true;
    const next = at.commands.find((each) => each.name() === word);
    if (!next) return false;
    at = next;
  }
  return at !== program;
}

/** What is stored or served; the commands themselves are read at a terminal, and name both ways where it matters. */
const sources = listProductSources().filter(({ file }) => !file.startsWith('cli/'));
const named = sources.flatMap(({ file, text }) =>
  [...text.matchAll(/(?<=[`'": ])cli ((?:[a-z]+(?:-[a-z]+)*)(?: [a-z]+(?:-[a-z]+)*)?)/g)].map(([, words]) => ({
    file,
    words: words!.split(' '),
  })),
);

const nothing: Facts = {
  ...{ openLetters: [], work: [], workflows: [], edits: [], eventStatus: null, contact: null, noLead: null },
  leads: [{ id: 'the-lead', state: 'assigned', closeReason: null, lastReason: null }],
};

describe('advice in what is stored and served', () => {
  it('names no command that only a checkout has', () => {
    expect(sources.length).toBeGreaterThan(100);
    for (const { file, text } of sources) expect(text, file).not.toMatch(/npm (run|start|test)/);
  });

  it('names commands that there are', () => {
    expect(named.length).toBeGreaterThan(6);
    expect(named.filter(({ words }) => !isCommand(words))).toEqual([]);
  });

  it('begins with the name that the documents explain', () => {
    const buried = { capability: 'lead-intake', state: 'dead' as const, lastError: null };
    const told = [
      HOW_TO_SIGN_IN,
      redriveCommand({ agencyId: 'the-agency', leadId: 'the-lead' }),
      judgeStanding(nothing, '--agency x').youCan,
      judgeStanding({ ...nothing, work: [buried] }, '--agency x').youCan,
    ];
    for (const text of told) expect(text).toMatch(/^cli (operators|leads) /);
    for (const document of ['docs/operations.md', 'docs/deploy.md']) {
      const text = readFileSync(join(root, document), 'utf8');
      expect(text, document).toContain('docker compose exec api node dist/cli/main.js');
      expect(text, document).toContain('npm run cli --');
    }
  });
});
