import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../cli/program.ts';
import { createSession } from '../../cli/session.ts';
import { CONFIG_VARIABLES } from '../../config.ts';
import { recordTerminal } from './harness.ts';

const root = join(import.meta.dirname, '../..');
const program = createProgram(createSession(recordTerminal({ environment: {}, folder: root }).terminal));

const FOLDERS = ['.', 'docs', 'docs/decisions'];
const documents = FOLDERS.flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);

/** How a command is introduced, wherever it stands; the checkout's way and the image's. */
const INTRODUCED = /^(?:.*(?:npm run cli --|dist\/cli\/main\.js)|cli) +(?=[a-z…])/;

/** The commands that a document has somebody type: those in blocks, and those in the running text. */
function listTyped(document: string): string[] {
  const [running, blocks] = [[] as string[], [] as string[]];
  for (const [index, part] of readFileSync(join(root, document), 'utf8').split('```').entries())
    (index % 2 === 0 ? running : blocks).push(part);
  const lines = blocks.flatMap((block) => block.split('\n').slice(1));
  const inline = [...running.join('').matchAll(/`([^`]+)`/g)].map(([, code]) => code!.replace(/\s+/g, ' '));
  const named = inline.filter((code) => {
    const [first, second] = code.split(' ');
    const command = program.commands.find((each) => each.name() === first);
    return command !== undefined && second !== undefined;
  });
  const introduced = [...lines, ...inline].flatMap((code) => {
    const typed = code.trim().replace(INTRODUCED, '');
    return typed === code.trim() ? [] : [typed];
  });
  return [...introduced, ...named].map((typed) => typed.replace(/ #.*$/, '').replace(/;.*$/, '').trim());
}

/** What of a typed command the program does not have; undefined where it has all. */
function findUnknown(typed: string): string | undefined {
  let parent: Command = program;
  let at: Command = program;
  let isAlternative = false;
  for (const word of typed.replace(/<[^>]*>|"[^"]*"/g, 'X').split(/\s+/)) {
    if (word === '|') {
      isAlternative = true;
      continue;
    }
    if (word.startsWith('--')) {
      const name = word.replace(/[=,].*$/, '');
      const known = [...at.options, ...program.options].some(({ long }) => long === name);
      if (!known && name !== '--help') return name;
    } else if ((isAlternative || at.commands.length > 0) && /^[a-z][a-z-]*$/.test(word)) {
      const of = isAlternative ? parent : at;
      const next = of.commands.find((each) => each.name() === word);
      if (!next) return word;
      [parent, at] = [of, next];
    }
    isAlternative = false;
  }
  return undefined;
}

describe('the documents', () => {
  it('have commands typed, in blocks and in the text, by all three names', () => {
    const typed = documents.flatMap(listTyped);
    expect(typed.length).toBeGreaterThan(100);
    expect(typed).toEqual(expect.arrayContaining(['keys retire 1', 'agency list', 'dead-letters list --agency <id>']));
  });

  it.each(documents)('type in %s only commands and options that there are', (document) => {
    const wrong = listTyped(document).flatMap((typed) => {
      const unknown = findUnknown(typed);
      return unknown === undefined ? [] : [`${typed}: ${unknown}`];
    });
    expect(wrong).toEqual([]);
  });

  it('would be found out', () => {
    expect(findUnknown('dead-letters burn <letter>')).toBe('burn');
    expect(findUnknown('dead-letters redrive --everything')).toBe('--everything');
    expect(findUnknown('notices list | deliveries | shout')).toBe('shout');
    expect(findUnknown('dead-letters discard <letter> --reason "of no use"')).toBeUndefined();
  });
});

describe('the README', () => {
  it('tells of every variable that the processes read, and of none besides', () => {
    const rows = readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^\| (`[A-Z][A-Z_]+`.*?) +\|/gm);
    const told = [...rows].flatMap(([, cell]) => [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!));
    // What begins with dots ends as the names before it do.
    const stands = (each: string, name: string): boolean =>
      each === name || (each.startsWith('…') && name.endsWith(each.slice(1)));
    const isTold = (name: string): boolean => told.some((each) => stands(each, name));
    expect(CONFIG_VARIABLES.filter((name) => !isTold(name))).toEqual([]);
    // Temporal's and OpenTelemetry's own libraries read theirs.
    const isRead = (each: string): boolean =>
      /^(TEMPORAL|OTEL)_/.test(each) || CONFIG_VARIABLES.some((name) => stands(each, name));
    expect(told.filter((each) => !isRead(each))).toEqual([]);
    expect(told).toContain('LOG_LEVEL');
  });
});
