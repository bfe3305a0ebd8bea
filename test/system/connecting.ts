import { v7 as uuidv7 } from 'uuid';
import { createAgency } from '../../db/agencies.ts';
import { createLocation } from '../../db/locations.ts';
import { withScope } from '../../db/scope.ts';
import { onwardOf } from '../stack/connect-link.ts';
import { TEST_APP, TEST_PROVISIONING_APP } from '../stack/system.ts';
import type { LiveSystem } from './live-system.ts';

/** An agency that is known here by its master alone, and in GHL with so many locations, on which nothing is installed. */
export interface Unconnected {
  agencyId: string;
  masterId: string;
  companyId: string;
  key: string;
}

export async function plantUnconnected(
  live: LiveSystem,
  name: string,
  options: { locations: number; knowsCompany?: boolean; rateWindowMs?: number } = { locations: 3 },
): Promise<Unconnected> {
  const companyId = `${name}-company`;
  await live.simulator.seed({
    companies: [{ id: companyId, name, rateLimit: { intervalMs: options.rateWindowMs ?? 10_000 } }],
    apps: [
      { ...TEST_APP, target: 'Location', webhookUrl: live.webhookUrl },
      { ...TEST_PROVISIONING_APP, target: 'Company', webhookUrl: live.webhookUrl },
    ],
    locations: Array.from({ length: options.locations }, (_unused, index) => ({
      id: `${name}-loc-${index}`,
      companyId,
      name: `${name} number ${index}`,
    })),
    installs: [],
  });
  const agencyId = uuidv7();
  const masterId = uuidv7();
  await withScope(live.database.db, { agencyId }, async (tx) => {
    await createAgency(tx, { id: agencyId, name, ghlCompanyId: options.knowsCompany === false ? null : companyId });
    await createLocation(tx, {
      id: masterId,
      agency_id: agencyId,
      parent_id: null,
      kind: 'master',
      name,
      is_intake: true,
    });
  });
  return { agencyId, masterId, companyId, key: await live.makeKey(agencyId, 'agency') };
}

/** Makes a connect link as an agency's own system does. @returns the address on the API under test */
export async function makeLink(
  live: LiveSystem,
  key: string,
  purpose: 'locations' | 'provisioning' = 'locations',
): Promise<string> {
  const made = await live.ask('POST', '/v1/agency/connect-links', key, { purpose });
  if (made.status !== 201) throw new Error(`no link: ${made.status}`);
  const url = new URL(String(made.body['url']));
  return `${live.apiUrl}${url.pathname}${url.search}`;
}

interface Page {
  status: number;
  html: string;
}

/** A browser with a cookie of its own, in which a person opens a link and chooses on GHL's page. */
export class Browser {
  cookie = '';
  readonly live: LiveSystem;

  constructor(live: LiveSystem) {
    this.live = live;
  }

  async get(address: string, method: 'GET' | 'POST' = 'GET'): Promise<Response> {
    const headers = {
      accept: 'text/html',
      ...(this.cookie === '' ? {} : { cookie: this.cookie }),
      ...(method === 'POST' && { 'sec-fetch-site': 'same-origin' }),
    };
    const response = await fetch(address, { method, redirect: 'manual', headers });
    const set = response.headers.get('set-cookie');
    if (set !== null && new URL(address).origin === this.live.apiUrl) this.cookie = set.split(';')[0]!;
    return response;
  }

  /** Opens a link and presses its button. @returns the address of GHL's page */
  async open(link: string): Promise<URL> {
    const shown = await this.get(link);
    if (shown.status !== 200) throw new Error(`the link does not open: ${shown.status}`);
    const pressed = await this.get(link, 'POST');
    if (pressed.status !== 200) throw new Error(`the button does not lead on: ${pressed.status}`);
    return onwardOf(await pressed.text());
  }

  /** Chooses on GHL's page. @returns the address by which GHL leads back */
  async choose(page: URL, choice: Record<string, string>): Promise<string> {
    const shown = await fetch(page);
    if (!shown.ok) throw new Error(`GHL shows no page: ${await shown.text()}`);
    const { client_id, redirect_uri, state } = Object.fromEntries(page.searchParams);
    const form = new URLSearchParams({ client_id: client_id!, redirect_uri: redirect_uri!, state: state!, ...choice });
    const response = await fetch(`${page.origin}${page.pathname}`, { method: 'POST', body: form, redirect: 'manual' });
    if (response.status !== 302) throw new Error(`GHL installs nothing: ${await response.text()}`);
    return response.headers.get('location')!;
  }

  /** Comes back and follows the pages until one says how it ended. */
  async comeBack(address: string): Promise<Page> {
    const back = await this.get(address);
    if (back.status !== 303) return { status: back.status, html: await back.text() };
    const result = new URL(back.headers.get('location')!, this.live.apiUrl).href;
    for (let looks = 0; looks < 20; looks += 1) {
      const page = await this.get(result);
      const html = await page.text();
      if (page.status !== 202) return { status: page.status, html };
    }
    throw new Error('it never ended');
  }

  /** The whole way of a person. */
  async connect(link: string, choice: Record<string, string>): Promise<Page> {
    return this.comeBack(await this.choose(await this.open(link), choice));
  }
}
