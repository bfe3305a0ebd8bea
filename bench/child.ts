import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Starts a file of this folder as a process of its own, which hears and answers messages. */
export function startChild(file: string): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), [], { execArgv: ['--import', 'tsx'] });
}

/** What a child says next. @throws Error when it ends without a word */
export async function hear<Message>(child: ChildProcess): Promise<Message> {
  const stop = new AbortController();
  const end = once(child, 'exit', { signal: stop.signal }).then(
    () => undefined,
    () => undefined,
  );
  const message = await Promise.race([once(child, 'message', { signal: stop.signal }), end]);
  stop.abort();
  if (!message) throw new Error('a process of the run ended without a report');
  return (message as [Message])[0];
}

/** Lets a process of its own do a task. @throws Error when it ends without a report */
export async function letDo<Report>(file: string, task: object): Promise<Report> {
  const child = startChild(file);
  const report = hear<Report>(child);
  child.send(task);
  return report;
}
