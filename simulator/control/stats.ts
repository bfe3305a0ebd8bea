import type { Simulation } from '../simulation.ts';
import type { DeliveryStats } from '../webhooks/delivery.ts';

/** How much of everything there is and has been. */
export interface Stats {
  webhooks: DeliveryStats;
  calls: number;
  callsPerSecond: number;
  contacts: number;
  notes: number;
  tasks: number;
  opportunities: number;
  locations: number;
  users: number;
}

/** Counts the simulator's state and traffic; calls per second are of the last ten. */
export function countStats(sim: Simulation): Stats {
  const { world } = sim;
  const sinceMs = sim.clock.nowMs() - 10_000;
  const recent = sim.calls.last().filter((call) => Date.parse(call.at) >= sinceMs);
  return {
    webhooks: sim.deliveries.stats(),
    calls: sim.calls.total(),
    callsPerSecond: recent.length / 10,
    contacts: world.contacts.list().length,
    notes: world.notes.size,
    tasks: world.tasks.size,
    opportunities: world.opportunities.size,
    locations: world.locations.size,
    users: world.users.size,
  };
}
