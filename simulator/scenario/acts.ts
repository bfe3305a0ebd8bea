import { z } from 'zod';
import { makeChanges, startChanges } from '../changes/run.ts';
import { addLocation, changeLocation, revokeTokens } from '../control/authority.ts';
import {
  advanceClockSchema,
  behaviourChangeSchema,
  enableUrlSchema,
  installRequestSchema,
  locationChangeSchema,
  makeChangesSchema,
  newLocationSchema,
  planChangeSchema,
  revokeSchema,
  rotatePrivateTokenSchema,
  sendWebhookSchema,
  startChangesSchema,
} from '../control/schemas.ts';
import { sendWebhook } from '../control/webhooks.ts';
import { faultSchema } from '../faults.ts';
import { changePlan, install, uninstall } from '../oauth/installs.ts';
import { rotatePrivateToken } from '../oauth/private-tokens.ts';
import type { Simulation } from '../simulation.ts';
import { changeSettings, webhookSettingsChangeSchema } from '../webhooks/settings.ts';
import { applySeed, seedSchema } from '../world/seed.ts';

/** An act whose input was found right, ready to be carried out. */
export type Prepared = { run: (sim: Simulation) => void } | { issues: z.core.$ZodIssue[] };

interface Act {
  prepare(input: unknown): Prepared;
}

function act<Schema extends z.ZodType>(
  schema: Schema,
  run: (sim: Simulation, input: z.output<Schema>) => unknown,
): Act {
  return {
    prepare(input) {
      const parsed = schema.safeParse(input ?? {});
      return parsed.success ? { run: (sim) => void run(sim, parsed.data) } : { issues: parsed.error.issues };
    },
  };
}

const nothing = z.strictObject({});
const locationSchema = locationChangeSchema.extend({ locationId: z.string().min(1) });

/** What a scenario can do: the control API's acts, by their names there. */
export const acts = {
  seed: act(seedSchema, applySeed),
  addFault: act(faultSchema, (sim, fault) => sim.faults.add(fault)),
  clearFaults: act(nothing, (sim) => sim.faults.clear()),
  advanceClock: act(advanceClockSchema, (sim, { ms }) => sim.clock.advance(ms)),
  setBehaviour: act(behaviourChangeSchema, (sim, change) => Object.assign(sim.behaviour, change)),
  revokeTokens: act(revokeSchema, revokeTokens),
  rotatePrivateToken: act(rotatePrivateTokenSchema, (sim, { token, expireOldNow }) =>
    rotatePrivateToken(sim, token, expireOldNow),
  ),
  changeLocation: act(locationSchema, (sim, { locationId, ...change }) => changeLocation(sim, locationId, change)),
  addLocation: act(newLocationSchema, addLocation),
  install: act(installRequestSchema, install),
  uninstall: act(installRequestSchema, uninstall),
  changePlan: act(planChangeSchema, changePlan),
  setWebhooks: act(webhookSettingsChangeSchema, (sim, change) => {
    changeSettings(sim.webhookSettings, change);
    sim.deliveries.pump();
  }),
  makeChanges: act(makeChangesSchema, makeChanges),
  startChanges: act(startChangesSchema, startChanges),
  stopChanges: act(nothing, (sim) => sim.changes.stop()),
  sendWebhook: act(sendWebhookSchema, sendWebhook),
  rotateWebhookKey: act(nothing, (sim) => sim.signer.rotate()),
  enableUrl: act(enableUrlSchema, (sim, { url }) => {
    sim.urlBreaker.enable(url);
    sim.deliveries.pump();
  }),
} satisfies Record<string, Act>;

export type ActName = keyof typeof acts;
export const actNames = Object.keys(acts) as ActName[];
