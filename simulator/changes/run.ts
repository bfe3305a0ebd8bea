import { plainRefusal, ReplyError } from '../http/reply.ts';
import type { Simulation } from '../simulation.ts';
import type { Contact, Location } from '../world/records.ts';
import { doChange } from './kinds.ts';
import type { Scene } from './kinds.ts';
import { changeKinds } from './ledger.ts';
import type { ChangeKind } from './ledger.ts';

/** How often each kind comes, where nobody says otherwise. */
const usualWeights: Record<ChangeKind, number> = {
  create: 15,
  update: 25,
  tag: 15,
  dnd: 4,
  note: 10,
  message: 15,
  opportunity: 7,
  appointment: 4,
  merge: 2,
  delete: 3,
};
/** How often a change that turns out impossible is drawn anew before it is given up. */
const draws = 20;
const tickMs = 50;

/** Where changes are to be made, and how often each kind is, if not as usual. */
export interface ChangeRequest {
  locationId: string;
  weights?: Partial<Record<ChangeKind, number | undefined>> | undefined;
}

/**
 * Makes random changes at once: the same seed and the same calls before give the same ones. Returns how many were possible.
 * Raises 400 for an unknown location.
 */
export function makeChanges(sim: Simulation, request: ChangeRequest & { count: number }): number {
  const location = sim.world.locations.get(request.locationId);
  if (!location) throw plainRefusal(400, `Location with id ${request.locationId} not found`);
  const weights = { ...usualWeights, ...(request.weights && { ...noWeights, ...request.weights }) };
  let made = 0;
  for (let n = 0; n < request.count; n += 1) if (makeOne(sim, location, weights)) made += 1;
  sim.changed = true;
  return made;
}

/**
 * Makes changes at a pace, by the machine's clock, until they are stopped; a run before this one ends. Of several
 * locations one after the other has its turn. Raises 400 for an unknown one.
 */
export function startChanges(
  sim: Simulation,
  request: Omit<ChangeRequest, 'locationId'> & { locationId: string | string[]; perSecond: number },
): void {
  sim.changes.stop();
  const locationIds = [request.locationId].flat();
  for (const locationId of locationIds) makeChanges(sim, { ...request, locationId, count: 0 });
  const startedMs = Date.now();
  let asked = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((Date.now() - startedMs) / 1000) * request.perSecond);
    for (; asked < due; asked += 1) {
      const locationId = locationIds[asked % locationIds.length] ?? '';
      if (sim.world.locations.has(locationId)) makeChanges(sim, { ...request, locationId, count: 1 });
    }
  }, tickMs).unref();
  sim.changes.setStop(() => clearInterval(timer));
}

const noWeights = Object.fromEntries(changeKinds.map((kind) => [kind, 0]));

function makeOne(
  sim: Simulation,
  location: Location,
  weights: Partial<Record<ChangeKind, number | undefined>>,
): boolean {
  const draw = (below: number): number => Math.floor(sim.random.chance('changes') * below);
  const number = sim.changes.open();
  const scene: Scene = { sim, location, number, draw, pick: () => pickContact(sim, location.id, draw) };
  for (let attempt = 0; attempt < draws; attempt += 1) {
    const kind = drawKind(weights, draw);
    const done = attemptChange(kind, scene);
    if (!done) continue;
    sim.changes.close({ number, at: sim.clock.now().toISOString(), kind, ...done });
    return true;
  }
  sim.changes.close(undefined);
  return false;
}

/** What GHL's rules refuse (a blocked channel, a duplicate) is no change. */
function attemptChange(kind: ChangeKind, scene: Scene): ReturnType<(typeof doChange)[ChangeKind]> {
  try {
    return doChange[kind](scene);
  } catch (error) {
    if (error instanceof ReplyError) return undefined;
    throw error;
  }
}

function drawKind(weights: Partial<Record<ChangeKind, number | undefined>>, draw: Scene['draw']): ChangeKind {
  let left = draw(changeKinds.reduce((sum, kind) => sum + (weights[kind] ?? 0), 0));
  for (const kind of changeKinds) {
    left -= weights[kind] ?? 0;
    if (left < 0) return kind;
  }
  return 'update';
}

function pickContact({ world }: Simulation, locationId: string, draw: Scene['draw']): Contact | undefined {
  const stored = world.contacts.listStored(locationId);
  const population = world.populations.of(locationId);
  const generated = population?.spec.contacts ?? 0;
  if (stored.length + generated === 0) return undefined;
  const position = draw(stored.length + generated);
  if (!population || position >= generated) return stored[position - generated];
  // A generated contact may be changed or gone by now.
  return world.contacts.find(population.contactAt(position).id);
}
