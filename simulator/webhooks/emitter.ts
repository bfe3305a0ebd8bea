import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import { scopesOf } from '../oauth/scopes.ts';
import type { App } from '../world/records.ts';
import { appIdOf, installKey } from '../world/world.ts';
import type { World } from '../world/world.ts';
import type { SentWebhook, WebhookSubject } from '../changes/ledger.ts';
import type { DeliveryQueue } from './delivery.ts';
import type { DeliveryLog } from './log.ts';
import { scopeOfEvent } from './scopes.ts';
import type { WebhookSettings } from './settings.ts';

/** GHL cuts bodies above this size and marks them. */
const maxBodyBytes = 256 * 1024;

/** Something that happened and may be of interest to apps. */
interface Happening {
  type: string;
  companyId: string;
  /** Absent for events of the agency itself. */
  locationId?: string | undefined;
  fields: Record<string, unknown>;
  /** Only this app is told (INSTALL, UNINSTALL); otherwise every app installed there. */
  onlyTo?: App;
}

/** Turns happenings into signed deliveries. */
export interface Emitter {
  /** Returns the ids of the webhooks made: one for each app that listens, none when webhooks are off. */
  emit(happening: Happening): string[];
}

/** Makes the emitter, with the drops, duplicates, delays and reordering that the settings ask for. */
export function createEmitter(
  world: World,
  clock: Clock,
  random: Random,
  settings: WebhookSettings,
  queue: DeliveryQueue,
  log: DeliveryLog,
  onSent: (sent: SentWebhook) => void,
): Emitter {
  const waitMs = (): number =>
    settings.delayMs +
    Math.round(settings.reorderWithinMs === 0 ? 0 : random.chance('reorder') * settings.reorderWithinMs);

  const send = (url: string, type: string, webhookId: string, body: string, subject: WebhookSubject): void => {
    const sent = { webhookId, type, ...subject, atMs: clock.nowMs() };
    const delivery = { deliveryId: random.uuid('delivery'), webhookId, type, url, body, attempts: 0 };
    if (happens(settings.dropRate, 'drop')) {
      queue.count('dropped');
      log.open(delivery);
      log.close(delivery.deliveryId, 'dropped');
      onSent({ ...sent, dueMs: [] });
      return;
    }
    const waits = [waitMs()];
    if (happens(settings.duplicateRate, 'duplicate')) {
      queue.count('duplicated');
      waits.push(waitMs());
    }
    for (const wait of waits) queue.enqueue({ ...delivery }, wait);
    onSent({ ...sent, dueMs: waits.map((wait) => sent.atMs + wait) });
  };
  const happens = (rate: number, stream: string): boolean => rate > 0 && random.chance(stream) < rate;

  return {
    emit(happening) {
      const timestamp = clock.now().toISOString();
      return listListeners(world, settings, happening).map(({ url, clientId, versionId }) => {
        const webhookId = random.uuid('webhook');
        const envelope = {
          type: happening.type,
          ...(happening.locationId ? { locationId: happening.locationId } : { companyId: happening.companyId }),
        };
        const trailer = { timestamp, webhookId, appId: appIdOf(clientId), versionId: versionId ?? appIdOf(clientId) };
        const body = JSON.stringify({ ...envelope, ...happening.fields, ...trailer });
        const tooLarge = Buffer.byteLength(body) > maxBodyBytes;
        const sent = tooLarge
          ? JSON.stringify({ ...envelope, id: happening.fields['id'], payloadTooLarge: true, ...trailer })
          : body;
        send(url, happening.type, webhookId, sent, subjectOf(happening));
        return webhookId;
      });
    },
  };
}

/** Every family of webhooks names its record in a way of its own. */
function subjectOf({ type, locationId, fields }: Happening): WebhookSubject {
  const whole = (fields['appointment'] ?? fields) as Record<string, unknown>;
  const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  const recordId = textOf(whole['messageId']) ?? textOf(whole['id']);
  const contactId = type.startsWith('Contact') ? recordId : textOf(whole['contactId']);
  return { locationId: locationId ?? null, contactId, recordId };
}

interface Listener {
  url: string;
  clientId: string;
  versionId: string | undefined;
}

/** Without any app the one URL of the settings still hears everything, so that a small test needs no app. */
function listListeners(world: World, settings: WebhookSettings, happening: Happening): Listener[] {
  if (world.apps.size === 0)
    return settings.url ? [{ url: settings.url, clientId: 'simulator', versionId: undefined }] : [];
  const apps = happening.onlyTo
    ? [happening.onlyTo]
    : [...world.apps.values()].filter((app) => mayHear(app, happening.type) && isInstalled(world, app, happening));
  return apps.flatMap((app) => {
    const url = urlOf(app, happening.type) ?? settings.url;
    return url ? [{ url, clientId: app.clientId, versionId: app.versionId }] : [];
  });
}

/** Installs and their ends go to the default URL only; other events to the URL set for their type, if one is. */
function urlOf(app: App, type: string): string | null | undefined {
  const own = type === 'INSTALL' || type === 'UNINSTALL' ? undefined : app.webhookUrls?.[type];
  return own ?? app.webhookUrl;
}

/** An app hears what its scopes let it read. */
function mayHear(app: App, type: string): boolean {
  const scope = scopeOfEvent(type);
  return scope === undefined || (scopesOf(app)?.includes(scope) ?? true);
}

function isInstalled(world: World, app: App, happening: Happening): boolean {
  if (!happening.locationId && world.agencyInstalls.has(installKey(app.clientId, happening.companyId))) return true;
  for (const install of world.installs.values()) {
    if (install.clientId !== app.clientId) continue;
    const here = happening.locationId
      ? install.locationId === happening.locationId
      : install.companyId === happening.companyId;
    if (here) return true;
  }
  return false;
}
