export interface RotationMember {
  id: string;
  /** Share of the leads relative to the others; zero or less is never chosen. */
  weight: number;
  /** Position in virtual time: who is lowest is next. Stored between choices. */
  rotationPass: number;
}

/** Divisible by 1 to 20, so that passes of these weights stay exact integers however long the rotation runs. */
const PASS_PER_TURN = 232_792_560;

/**
 * Weighted round robin by stride scheduling: each turn moves a member forward by the inverse of its weight.
 * A member that was away (full, suspended, just joined) is first brought up to the turn taken last: its
 * missed turns are gone, or it would be flooded until it had caught up (start-time fair queueing).
 * @param members those who may be chosen now
 * @returns the chosen member with the pass to store for it, or undefined when nobody has a weight
 */
export function nextInRotation(
  members: readonly RotationMember[],
): { repId: string; rotationPass: number } | undefined {
  const able = members.filter((member) => member.weight > 0);
  const lastTurn = Math.max(...able.map((member) => member.rotationPass - stride(member.weight)));
  const chosen = able
    .map((member) => ({ ...member, rotationPass: Math.max(member.rotationPass, lastTurn) }))
    .reduce<RotationMember | undefined>((best, member) => (best && !isBefore(member, best) ? best : member), undefined);
  return chosen && { repId: chosen.id, rotationPass: chosen.rotationPass + stride(chosen.weight) };
}

/**
 * The pass with which a new or returning member enters: the lowest of the others, so that it is neither flooded
 * nor made to wait.
 * @param others the members already in the rotation
 * @param ownPass the pass a returning member left with; leaving and returning does not win a turn
 */
export function joinRotation(others: readonly Pick<RotationMember, 'rotationPass'>[], ownPass = 0): number {
  const lowest = others.length === 0 ? 0 : Math.min(...others.map((other) => other.rotationPass));
  return Math.max(lowest, ownPass);
}

function isBefore(a: RotationMember, b: RotationMember): boolean {
  return a.rotationPass < b.rotationPass || (a.rotationPass === b.rotationPass && a.id < b.id);
}

function stride(weight: number): number {
  return Math.max(1, Math.round(PASS_PER_TURN / weight));
}
