/** What a location or a rep carries now and may carry; null means no limit. */
export interface Load {
  openLeads: number;
  maxOpenLeads: number | null;
  /** Leads assigned since the start of the local day. */
  leadsToday: number;
  dailyCap: number | null;
}

/**
 * Decides whether one more lead fits.
 * @returns `full` when the open leads leave no room, else `daily-cap` when today's share is used up
 */
export function checkCapacity(load: Load): { hasRoom: boolean; reason: 'ok' | 'full' | 'daily-cap' } {
  if (load.maxOpenLeads !== null && load.openLeads >= load.maxOpenLeads) return { hasRoom: false, reason: 'full' };
  if (load.dailyCap !== null && load.leadsToday >= load.dailyCap) return { hasRoom: false, reason: 'daily-cap' };
  return { hasRoom: true, reason: 'ok' };
}
