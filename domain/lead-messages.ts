import type { LeadCloseReason } from './lead-change.ts';

/** Hand the lead to another rep. The Web UI and the CLI send `{"repId": "…"}`; the rest is optional. */
export interface ReassignRequest {
  repId: string;
  reason?: string;
  /** Over the caps of rep and location. */
  force?: boolean;
  /** Who asks: `api-key:<id>`, `cli:<user>`; a bare signal is recorded as `signal`. */
  actor?: string;
}

export interface AcceptRequest {
  actor: string;
}

export interface CloseRequest {
  outcome: Extract<LeadCloseReason, 'won' | 'lost' | 'abandoned'>;
  reason?: string;
  actor: string;
}

/** How a lead stands, as the workflow knows it: ids and codes only. */
export interface LeadStanding {
  status: 'routing' | 'assigned' | 'accepted' | 'queued' | 'closed';
  locationId: string | null;
  repId: string | null;
  assignmentId: string | null;
  closeReason: LeadCloseReason | null;
  /** When the lead ends by age, in milliseconds since the epoch. */
  expiresAtMs: number | null;
}
