const MAY_HOLD_LONE_SURROGATE = /\\ud[89a-f]/;

/**
 * Rows as one parameter, for `json_to_recordset`: a statement for many rows then has the same text as for one. Dates become
 * ISO 8601. What Postgres knows no character for becomes U+FFFD, as it does in a parameter that is text.
 */
export function jsonRows(rows: readonly object[]): string {
  const text = JSON.stringify(rows);
  if (!MAY_HOLD_LONE_SURROGATE.test(text)) return text;
  return JSON.stringify(rows, (_name, value: unknown) =>
    typeof value === 'string' ? Buffer.from(value).toString() : value,
  );
}
