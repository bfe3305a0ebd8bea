import type { DriftFigures } from '../../db/sync-standing.ts';
import { formatTable } from '../output.ts';

/** Figures of drift, a row each. */
export function formatDrift(figures: readonly DriftFigures[]): string {
  const headings = ['of', 'when', 'here', 'there', 'missing here', 'missing there', 'different', 'left', 'repaired'];
  const rows = figures.map((each) => [
    each.resource,
    each.finishedAt,
    each.here,
    each.there,
    each.missingHere,
    each.missingThere,
    each.different,
    each.remaining,
    each.repairs,
  ]);
  return formatTable(headings, rows, 'Nothing has been compared yet.');
}
