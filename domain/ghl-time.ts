/**
 * Reads a time as GHL writes it: ISO 8601, or milliseconds since the epoch as text.
 * @returns null for nothing, and for what is no plausible time
 */
export function readGhlTime(text: string | null | undefined): Date | null {
  if (text === null || text === undefined) return null;
  const time = new Date(/^\d{12,14}$/.test(text) ? Number(text) : text);
  const year = time.getUTCFullYear();
  return year >= 2000 && year < 2100 ? time : null;
}
