import type { ImportRow, RowProblem } from './import-rows.ts';
import { findCycle, refuseParent, type TreeNode } from './tree.ts';

export interface KnownLocation extends TreeNode {
  ghlLocationId: string | null;
}

export interface PlannedLocation {
  id: string;
  row: ImportRow;
  parentId: string | null;
  action: 'add' | 'update';
}

export interface ImportPlan {
  /** Parents before children. */
  locations: PlannedLocation[];
  problems: RowProblem[];
}

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/**
 * Decides what an import adds and changes. A row is a known location when it has its GHL id; a row without one, or
 * with one that is new, is the known location of its kind and name that has no GHL id; the master is always itself.
 * @param makeId makes the id of a location that is added
 */
export function planImport(
  known: readonly KnownLocation[],
  rows: readonly ImportRow[],
  makeId: () => string,
): ImportPlan {
  const problems: RowProblem[] = [];
  const taken = new Map<string, number>();
  const placed = rows.flatMap((row) => {
    const match = matchRow(known, row);
    if (typeof match === 'string') return [...complain(problems, row, match)];
    const id = match?.id ?? makeId();
    const earlier = taken.get(id) ?? findEqualRow(rows, row);
    if (earlier !== undefined) return [...complain(problems, row, `is the same location as line ${earlier}`)];
    taken.set(id, row.line);
    return [{ id, row, match }];
  });

  const nodes = new Map<string, KnownLocation>(known.map((location) => [location.id, location]));
  for (const { id, row, match } of placed) {
    const ghlLocationId = row.ghlLocationId ?? match?.ghlLocationId ?? null;
    nodes.set(id, { id, kind: row.kind, name: row.name, parentId: match?.parentId ?? null, ghlLocationId });
  }
  const locations = placed.flatMap(({ id, row, match }): PlannedLocation[] => {
    const parent = findParent([...nodes.values()], row, match);
    const refusal = typeof parent === 'string' ? parent : refuseParent(row.kind, parent);
    if (typeof parent === 'string' || refusal !== undefined) return [...complain(problems, row, refusal ?? '')];
    return [{ id, row, parentId: parent?.id ?? null, action: match ? 'update' : 'add' }];
  });
  for (const { id, parentId } of locations) nodes.set(id, { ...nodes.get(id)!, parentId });
  for (const { id, row } of locations) {
    const cycle = findCycle(id, nodes);
    if (cycle) complain(problems, row, `its parents come round to it again: ${cycle.join(' → ')}`);
  }
  const depths = new Map(locations.map(({ id }) => [id, problems.length > 0 ? 0 : depthOf(id, nodes)]));
  locations.sort((a, b) => depths.get(a.id)! - depths.get(b.id)!);
  return { locations, problems: problems.sort((a, b) => a.line - b.line) };
}

function complain(problems: RowProblem[], row: ImportRow, problem: string): [] {
  problems.push({ line: row.line, problem });
  return [];
}

function matchRow(known: readonly KnownLocation[], row: ImportRow): KnownLocation | string | undefined {
  const byGhlId = known.find((each) => row.ghlLocationId !== undefined && each.ghlLocationId === row.ghlLocationId);
  const match = byGhlId ?? matchByName(known, row);
  if (typeof match === 'string' || !match) return match;
  if (match.kind !== row.kind) return `is a ${match.kind} already; an import does not change the kind`;
  if (row.ghlLocationId !== undefined && match.ghlLocationId !== null && match.ghlLocationId !== row.ghlLocationId) {
    return `the master is ${match.ghlLocationId} in GHL already`;
  }
  return match;
}

function matchByName(known: readonly KnownLocation[], row: ImportRow): KnownLocation | string | undefined {
  if (row.kind === 'master') return known.find((each) => each.kind === 'master');
  const named = known.filter((each) => each.kind === row.kind && sameName(each.name, row.name));
  const unconnected = named.filter((each) => each.ghlLocationId === null);
  if (unconnected.length > 1) return `several locations are named ${row.name}`;
  if (unconnected.length === 0 && named.length > 0 && row.ghlLocationId === undefined) {
    return `${row.name} is there with the GHL id ${named[0]!.ghlLocationId}: give it in ghl_location_id`;
  }
  return unconnected[0];
}

/** An earlier row that would add the same location a second time. */
function findEqualRow(rows: readonly ImportRow[], row: ImportRow): number | undefined {
  const earlier = rows.slice(0, rows.indexOf(row));
  return earlier.find((each) => {
    if (each.kind === 'master' && row.kind === 'master') return true;
    if (each.ghlLocationId !== undefined || row.ghlLocationId !== undefined)
      return each.ghlLocationId === row.ghlLocationId;
    return each.kind === row.kind && sameName(each.name, row.name);
  })?.line;
}

/** The location above: by GHL id or name; where none is named, the one it has, else the master. */
function findParent(
  nodes: readonly KnownLocation[],
  row: ImportRow,
  match: KnownLocation | undefined,
): KnownLocation | string | undefined {
  const { kind, parent } = row;
  if (parent === undefined) {
    if (kind === 'master') return undefined;
    const above = match
      ? nodes.find((node) => node.id === match.parentId)
      : nodes.find((node) => node.kind === 'master');
    return above ?? 'parent: is missing, and there is no master';
  }
  const byGhlId = nodes.find((node) => node.ghlLocationId === parent);
  if (byGhlId) return byGhlId;
  const named = nodes.filter((node) => sameName(node.name, parent));
  if (named.length > 1) return `parent: several locations are named ${parent}: give the GHL id`;
  return named[0] ?? `parent: there is no location ${parent}`;
}

function depthOf(id: string, nodes: ReadonlyMap<string, TreeNode>): number {
  const parentId = nodes.get(id)?.parentId ?? null;
  return parentId === null ? 0 : 1 + depthOf(parentId, nodes);
}
