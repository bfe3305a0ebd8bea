import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a value is that nobody may read in a log line, an error text, a metric or a history. */
export type ValueKind = 'token' | 'phone' | 'e-mail' | 'name';

/** Where the system has said something. */
export type TextKind = 'log line' | 'error answer' | 'metrics' | 'failure' | 'command' | 'history';

export interface UsedValue {
  kind: ValueKind;
  value: string;
}

export interface SaidText {
  kind: TextKind;
  /** What said it, such as a workflow and its event. */
  place: string;
  text: string;
  /** The test file in which it was said. */
  file: string;
}

/** What the tests of a process used, and what the system said meanwhile. */
export interface Evidence {
  /** The test file that runs now. */
  file: string;
  readonly isKept: boolean;
  use(values: Iterable<UsedValue>): void;
  say(kind: TextKind, place: string, text: string, file?: string): void;
  /** Writes down what has gathered. */
  flush(): void;
}

const FLUSH_CHARACTERS = 1_000_000;
const USED = '.used.jsonl';
const SAID = '.said.jsonl';

/** Keeps evidence in files of this process; the folder is there already. */
export function openEvidence(folder: string): Evidence {
  const known = new Set<string>();
  const files = { used: join(folder, `${process.pid}${USED}`), said: join(folder, `${process.pid}${SAID}`) };
  const waiting = { used: [] as string[], said: [] as string[], characters: 0 };
  const keep = (list: 'used' | 'said', line: string): void => {
    waiting[list].push(line);
    waiting.characters += line.length;
    if (waiting.characters > FLUSH_CHARACTERS) evidence.flush();
  };
  const evidence: Evidence = {
    file: '',
    isKept: true,
    use(values) {
      for (const { kind, value } of values) {
        const line = JSON.stringify({ kind, value });
        if (known.has(line)) continue;
        known.add(line);
        keep('used', line);
      }
    },
    say(kind, place, text, file = evidence.file) {
      keep('said', JSON.stringify({ kind, place, text, file }));
    },
    flush() {
      for (const list of ['used', 'said'] as const) {
        const lines = waiting[list].splice(0);
        if (lines.length > 0) appendFileSync(files[list], `${lines.join('\n')}\n`);
      }
      waiting.characters = 0;
    },
  };
  return evidence;
}

const noEvidence: Evidence = { file: '', isKept: false, use: () => {}, say: () => {}, flush: () => {} };

/** The evidence of the whole suite, which `npm test` asks for by TEST_EVIDENCE_FOLDER; without it nothing is kept. */
const folder = process.env['TEST_EVIDENCE_FOLDER'];
export const suiteEvidence: Evidence = folder ? openEvidence(folder) : noEvidence;

function* readLines<T>(folder: string, suffix: string): Generator<T> {
  for (const name of readdirSync(folder).filter((each) => each.endsWith(suffix))) {
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n')) if (line) yield JSON.parse(line) as T;
  }
}

/** What all processes of a run used. */
export const readUsed = (folder: string): Generator<UsedValue> => readLines(folder, USED);

/** What the system said in all processes of a run. */
export const readSaid = (folder: string): Generator<SaidText> => readLines(folder, SAID);
