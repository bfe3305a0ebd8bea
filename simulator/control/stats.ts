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
  const recent = sim.calls.seconds(sim.clock.nowMs(), 10).reduce((sum, { calls }) => sum + calls, 0);
  return {
    webhooks: sim.deliveries.stats(),
    calls: sim.calls.total(),
    callsPerSecond: recent / 10,
    contacts: world.contacts.count(),
    notes: world.notes.size,
    tasks: world.tasks.size,
    opportunities: world.opportunities.size,
    locations: world.locations.size,
    users: world.users.size,
  };
}
