/** A time as Temporal's API tells it; null where it tells none. */
export function timeOf(at: { seconds?: unknown; nanos?: number | null } | null | undefined): Date | null {
  if (!at) return null;
  const ms = Number(at.seconds ?? 0) * 1_000 + Math.floor((at.nanos ?? 0) / 1e6);
  return ms === 0 ? null : new Date(ms);
}
