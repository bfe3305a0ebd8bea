/** Escapes that would grow together with the word behind them. */
const ESCAPES = /\\[nrtbf]/g;
const PERCENT = /%[0-9a-f]{2}/;

/**
 * The texts within a text, in lower case, with their paths: the strings of a JSON value, and what percent escapes mean.
 * Other texts are taken as they are.
 */
export function* listTexts(text: string): Generator<[path: string, text: string]> {
  const json = text.startsWith('{') || text.startsWith('[') ? parse(text) : undefined;
  for (const [path, each] of json === undefined ? [['', text] as const] : walk(json, '')) {
    const lower = each.toLowerCase().replace(ESCAPES, '  ');
    yield [path, lower];
    if (PERCENT.test(lower)) yield [path, unescape(lower)];
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function* walk(value: unknown, path: string): Generator<readonly [string, string]> {
  if (typeof value === 'string') yield [path, value];
  else if (typeof value === 'number') yield [path, String(value)];
  else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      const name = Array.isArray(value) ? '[]' : key;
      if (!Array.isArray(value)) yield [path, key];
      yield* walk(inner, path === '' ? name : `${path}.${name}`);
    }
  }
}

/** What a form or an address means by its percent escapes; those that mean nothing stay. */
const unescape = (text: string): string =>
  text.replace(/(?:%[0-9a-f]{2})+/g, (escapes) => {
    const bytes = Buffer.from(escapes.replaceAll('%', ''), 'hex');
    return bytes.toString('utf8');
  });
