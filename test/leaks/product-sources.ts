import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const LAYERS = [
  'activities',
  'api',
  'cli',
  'client',
  'crypto',
  'db',
  'domain',
  'ghl',
  'mail',
  'outbound',
  'tracing',
  'worker',
  'workflows',
];

/** All that the product's sources say, in lower case. */
export function readProductSources(): string {
  const files = LAYERS.flatMap((layer) => {
    const entries = readdirSync(join(root, layer), { recursive: true, encoding: 'utf8' });
    return entries.filter((entry) => entry.endsWith('.ts')).map((entry) => join(root, layer, entry));
  });
  const entryPoints = ['client.ts', 'config.ts', 'worker.ts'].map((file) => join(root, file));
  return [...files, ...entryPoints].map((file) => readFileSync(file, 'utf8').toLowerCase()).join('\n');
}
