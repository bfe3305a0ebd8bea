import { defaultDoorBehaviour } from './behaviour.ts';
import type { DoorBehaviour } from './behaviour.ts';
import { createAgenda } from './agenda.ts';
import type { Agenda } from './agenda.ts';
import { createCalls } from './calls.ts';
import type { Calls } from './calls.ts';
import { createChangeLedger } from './changes/ledger.ts';
import type { ChangeLedger } from './changes/ledger.ts';
import { createClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { createFaults } from './faults.ts';
import type { Faults } from './faults.ts';
import { createLimits } from './limits.ts';
import type { Limits } from './limits.ts';
import { createRandom } from './random.ts';
import type { Random } from './random.ts';
import { defaultResourceBehaviour } from './resources/behaviour.ts';
import type { ResourceBehaviour } from './resources/behaviour.ts';
import { createSearchIndex } from './resources/search-index.ts';
import type { SearchIndex } from './resources/search-index.ts';
import { createUrlBreaker } from './webhooks/breaker.ts';
import type { UrlBreaker } from './webhooks/breaker.ts';
import { createDeliveryQueue } from './webhooks/delivery.ts';
import type { DeliveryQueue } from './webhooks/delivery.ts';
import { createEmitter } from './webhooks/emitter.ts';
import type { Emitter } from './webhooks/emitter.ts';
import type { RunningScenario } from './scenario/progress.ts';
import { createDeliveryLog } from './webhooks/log.ts';
import type { DeliveryLog } from './webhooks/log.ts';
import { defaultWebhookSettings } from './webhooks/settings.ts';
import type { WebhookSettings } from './webhooks/settings.ts';
import { createSigner } from './webhooks/signer.ts';
import type { Signer } from './webhooks/signer.ts';
import { createWorld } from './world/world.ts';
import type { World } from './world/world.ts';

/** How the pretended GHL behaves where the real one is not known for sure or where tests need it quicker. */
export interface Behaviour extends DoorBehaviour, ResourceBehaviour {
  /** How long a used refresh token still returns the pair it was exchanged for. */
  refreshGraceMs: number;
  accessTokenSeconds: number;
  /** How far the contact search index lags behind writes. */
  searchLagMs: number;
  /** How much longer it may lag, by chance. */
  searchLagJitterMs: number;
}

/** Everything one simulator is made of; passed to every handler. */
export interface Simulation {
  behaviour: Behaviour;
  world: World;
  clock: Clock;
  random: Random;
  limits: Limits;
  faults: Faults;
  calls: Calls;
  index: SearchIndex;
  agenda: Agenda;
  signer: Signer;
  webhookSettings: WebhookSettings;
  deliveries: DeliveryQueue;
  deliveryLog: DeliveryLog;
  urlBreaker: UrlBreaker;
  emitter: Emitter;
  /** What random changes were made. */
  changes: ChangeLedger;
  /** Where one was given at the start. */
  scenario?: RunningScenario;
  /** Set by anything that changes state; cleared by whoever saves it. */
  changed: boolean;
}

/** Joins the parts of one simulator. `seed` decides ids, chances and the webhook key. */
export function createSimulation(seed: string, behaviour: Partial<Behaviour>): Simulation {
  const world = createWorld();
  const clock = createClock();
  const random = createRandom(seed);
  const signer = createSigner(seed);
  const webhookSettings = defaultWebhookSettings();
  const whole: Behaviour = {
    ...defaultDoorBehaviour(),
    ...defaultResourceBehaviour,
    refreshGraceMs: 30_000,
    accessTokenSeconds: 86_399,
    searchLagMs: 0,
    searchLagJitterMs: 0,
    ...behaviour,
  };
  const deliveryLog = createDeliveryLog();
  const changes = createChangeLedger();
  const urlBreaker = createUrlBreaker(webhookSettings, clock);
  const deliveries = createDeliveryQueue({
    settings: webhookSettings,
    signer,
    random,
    clock,
    breaker: urlBreaker,
    log: deliveryLog,
    onChange: () => {
      simulation.changed = true;
    },
  });
  const simulation: Simulation = {
    behaviour: whole,
    world,
    clock,
    random,
    limits: createLimits(world, clock, whole),
    faults: createFaults(clock, random),
    calls: createCalls(),
    index: createSearchIndex(clock, random, world.populations, whole),
    agenda: createAgenda(clock),
    signer,
    webhookSettings,
    deliveries,
    deliveryLog,
    urlBreaker,
    emitter: createEmitter(world, clock, random, webhookSettings, deliveries, deliveryLog, (sent) =>
      changes.noteWebhook(sent),
    ),
    changes,
    changed: false,
  };
  return simulation;
}
