import type { Timestamp } from './columns.ts';

export interface DroppedMonthTable {
  table_name: string;
  before: Date;
}

export type UpkeepStep = 'run' | 'made' | 'dropped' | 'trimmed' | 'closed';

export interface UpkeepFigureTable {
  step: UpkeepStep;
  kind: string;
  total: string;
  last_at: Timestamp;
}
