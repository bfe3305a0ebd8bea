import { plainRefusal } from '../http/reply.ts';
import type { Simulation } from '../simulation.ts';

/** How long "rotate and expire later" keeps the old token. */
const bothValidMs = 7 * 86_400_000;

/**
 * A person rotates a private integration token on the settings page. The new one has the scopes of the old, which works 7
 * more days or ends now. Raises 400 for a token that is not a private one.
 */
export function rotatePrivateToken(sim: Simulation, token: string, expireOldNow: boolean): { token: string } {
  const { tokens } = sim.world;
  const old = tokens.get(token);
  if (old?.kind !== 'pit') throw plainRefusal(400, 'no such private integration token');
  const fresh = `pit-${sim.random.uuid('token')}`;
  tokens.set(fresh, { ...old, token: fresh, expiresAtMs: null });
  if (expireOldNow) tokens.delete(token);
  else tokens.set(token, { ...old, expiresAtMs: sim.clock.nowMs() + bothValidMs });
  return { token: fresh };
}
