import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';

/**
 * Reads `watch <pid> <signal>` and `forget <pid>`; when its input ends, which also happens when the writer is killed
 * with SIGKILL, it ends the process groups still watched.
 */
const GUARDIAN_SCRIPT = `
list=
while read -r verb pid signal; do
  kept=
  for entry in $list; do [ "\${entry%:*}" = "$pid" ] || kept="$kept $entry"; done
  list=$kept
  [ "$verb" = watch ] && list="$list $pid:$signal"
done
[ -n "$list" ] || exit 0
for entry in $list; do kill -s "\${entry#*:}" -- "-\${entry%:*}" 2>/dev/null; done
tries=0
while [ $tries -lt 100 ]; do
  alive=
  for entry in $list; do kill -s 0 -- "-\${entry%:*}" 2>/dev/null && alive=yes; done
  [ -n "$alive" ] || exit 0
  sleep 0.1
  tries=$((tries + 1))
done
for entry in $list; do kill -s KILL -- "-\${entry%:*}" 2>/dev/null; done
`;

let guardianInput: Writable | undefined;

function openGuardian(): Writable {
  const guardian = spawn('/bin/sh', ['-c', GUARDIAN_SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  guardian.unref();
  const input = guardian.stdin;
  // The guardian must not keep a finished parent alive; that it may be gone first is no failure of ours.
  if (input instanceof Socket) input.unref();
  input.on('error', () => {});
  guardian.on('error', () => {});
  return input;
}

/**
 * Sees to it that a process group ends when this process does, however it ends: an uncaught error, `process.exit` or
 * SIGKILL leave no orphan.
 * @returns call it when the process has ended, so that a later process with the same id is left alone
 */
export function guardProcessGroup(pid: number, signal: NodeJS.Signals): () => void {
  guardianInput ??= openGuardian();
  const input = guardianInput;
  input.write(`watch ${pid} ${signal.replace(/^SIG/, '')}\n`);
  return () => input.write(`forget ${pid} -\n`);
}
