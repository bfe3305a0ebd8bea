import type { LocationKind } from '../../db/schema/tenants.ts';

export interface TreeNode {
  id: string;
  kind: LocationKind;
  name: string;
  parentId: string | null;
}

/** Why a location cannot hang under another; undefined when it can. */
export function refuseParent(
  kind: LocationKind,
  parent: Pick<TreeNode, 'kind' | 'name'> | undefined,
): string | undefined {
  if (kind === 'master') return parent && 'the master location has no parent';
  if (!parent) return `a ${kind} needs a parent`;
  return parent.kind === 'location'
    ? `${parent.name} is a plain location: only master and regions have others below`
    : undefined;
}

/** The names from a location up to where its parents come round to it again; undefined when they end at the top. */
export function findCycle(start: string, nodes: ReadonlyMap<string, TreeNode>): string[] | undefined {
  const names: string[] = [];
  const seen = new Set<string>();
  for (let node = nodes.get(start); node; node = node.parentId === null ? undefined : nodes.get(node.parentId)) {
    names.push(node.name);
    if (seen.has(node.id)) return names;
    seen.add(node.id);
  }
  return undefined;
}

/** The ids of a location and of all below it. */
export function listSubtree(rootId: string, nodes: readonly TreeNode[]): string[] {
  const children = nodes.filter((node) => node.parentId === rootId);
  return [rootId, ...children.flatMap((child) => listSubtree(child.id, nodes))];
}

/** The locations from the top down, each with its depth; siblings in the order given. */
export function flattenTree<T extends TreeNode>(
  nodes: readonly T[],
  parentId: string | null = null,
  depth = 0,
): { node: T; depth: number }[] {
  return nodes
    .filter((node) => node.parentId === parentId)
    .flatMap((node) => [{ node, depth }, ...flattenTree(nodes, node.id, depth + 1)]);
}
