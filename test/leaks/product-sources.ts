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

/** Every file of the product's sources, by its path from the root. */
export function listProductSources(): { file: string; text: string }[] {
  const files = LAYERS.flatMap((layer) => {
    const entries = readdirSync(join(root, layer), { recursive: true, encoding: 'utf8' });
    return entries.filter((entry) => entry.endsWith('.ts')).map((entry) => join(layer, entry));
  });
  return [...files, 'client.ts', 'config.ts', 'worker.ts'].map((file) => ({
    file,
    text: readFileSync(join(root, file), 'utf8'),
  }));
}

/** All that they say, in lower case. */
export const readProductSources = (): string =>
  listProductSources()
    .map(({ text }) => text.toLowerCase())
    .join('\n');
