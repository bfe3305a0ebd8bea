export type JsonBody = { outcome: 'json'; json: unknown } | { outcome: 'not-json' | 'nul-character'; json: unknown };

/** Reads a raw body as JSON. Postgres stores no U+0000, so a body with one is told apart; `json` is what could be read. */
export function readJsonBody(raw: Buffer): JsonBody {
  const text = raw.toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { outcome: 'not-json', json: undefined };
  }
  // The walk is rare: only a text that spells the character can hold it.
  return { outcome: text.includes('\\u0000') && holdsNul(json) ? 'nul-character' : 'json', json };
}

function holdsNul(json: unknown): boolean {
  const waiting: unknown[] = [json];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value === 'string' && value.includes('\u0000')) return true;
    if (typeof value === 'object' && value !== null) {
      for (const [name, item] of Object.entries(value)) waiting.push(name, item);
    }
  }
  return false;
}
