import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { listSources } from './checks.ts';

const root = join(import.meta.dirname, '..');
const FILE = join(root, 'docs', 'architecture.md');
const BEGIN = '<!-- picture: drawn by `npm run docs`, do not edit -->';
const END = '<!-- end of picture -->';
const LAYERS = [
  'api',
  'cli',
  'client.ts',
  'worker',
  'worker.ts',
  'workflows',
  'activities',
  'domain',
  'db',
  'ghl',
  'mail',
  'outbound',
  'crypto',
  'tracing',
  'config.ts',
  'simulator',
];

const cruiseSchema = z.object({
  modules: z.array(
    z.object({
      source: z.string(),
      dependencies: z.array(z.object({ resolved: z.string(), dependencyTypes: z.array(z.string()) })),
    }),
  ),
  summary: z.object({
    totalCruised: z.number(),
    violations: z.array(
      z.object({
        from: z.string(),
        to: z.string(),
        rule: z.object({ name: z.string() }),
        cycle: z.array(z.object({ name: z.string() })).optional(),
      }),
    ),
  }),
});
type Cruise = z.infer<typeof cruiseSchema>;

/** Follows the imports of all sources, and holds them against the rules. */
function cruise(): Cruise {
  const program = join(root, 'node_modules', '.bin', 'depcruise');
  const args = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...listSources()];
  const output = execFileSync(program, args, { cwd: root, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });
  return cruiseSchema.parse(JSON.parse(output));
}

/** A folder's name alone can be a Node module (`crypto`): only what lies in the folder is of the layer. */
const layerOf = (path: string): string | undefined =>
  LAYERS.find((layer) => (layer.endsWith('.ts') ? path === layer : path.startsWith(`${layer}/`)));
/** An entry file and the folder of its pieces are one box. */
const boxOf = (layer: string): string => layer.replace(/\.ts$/, '');

/** Draws the arrows that the code really has, as the tool that checks them has found them. Arrows of types alone are dotted. */
function drawPicture({ modules }: Cruise): string {
  const arrows = new Map<string, boolean>();
  for (const { source, dependencies } of modules) {
    const from = layerOf(source);
    for (const { resolved, dependencyTypes } of dependencies) {
      const to = layerOf(resolved);
      if (from === undefined || to === undefined || boxOf(from) === boxOf(to)) continue;
      const arrow = `${boxOf(from)} ${boxOf(to)}`;
      arrows.set(arrow, (arrows.get(arrow) ?? true) && dependencyTypes.includes('type-only'));
    }
  }
  const lines = [...arrows]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([arrow, isTypeOnly]) => `  ${arrow.replace(' ', isTypeOnly ? ' -.-> ' : ' --> ')}`);
  return ['```mermaid', 'flowchart TD', ...lines, '```'].join('\n');
}

/** What imports against a rule, one line each. */
const describeViolations = ({ summary }: Cruise): string[] =>
  summary.violations.map(({ rule, from, to, cycle }) =>
    [`${rule.name}: ${from}`, ...(cycle?.map(({ name }) => name) ?? [to])].join(' → '),
  );

const text = readFileSync(FILE, 'utf8');
const [before, rest] = text.split(BEGIN);
const after = rest?.split(END)[1];
if (before === undefined || after === undefined)
  throw new Error(`docs/architecture.md lacks the lines "${BEGIN}" and "${END}"`);
const cruised = cruise();
const drawn = `${before}${BEGIN}\n\n${drawPicture(cruised)}\n\n${END}${after}`;
if (process.argv.includes('--check')) {
  const problems = describeViolations(cruised);
  if (drawn !== text) problems.push('docs/architecture.md does not show the arrows of the code: run `npm run docs`');
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(`${cruised.summary.totalCruised} modules keep to the rules, and the picture shows them`);
} else {
  writeFileSync(FILE, drawn);
}
