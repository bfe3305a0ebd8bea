const SAMPLE = /^switchyard_events_total\{[^}]*status="unknown-tenant"[^}]*\} (\d+)/;

/** How many webhooks of accounts that nobody knows the API has stored since it started, by its own metrics. */
export async function countUnclaimedEvents(apiUrl: string): Promise<number> {
  const response = await fetch(`${apiUrl}/metrics`, { signal: AbortSignal.timeout(5_000) });
  const lines = (await response.text()).split('\n');
  return lines.reduce((sum, line) => sum + Number(SAMPLE.exec(line)?.[1] ?? 0), 0);
}
