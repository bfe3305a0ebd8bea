import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseScenario } from '../../simulator/scenario/scenario.ts';
import { waitToPass } from '../stack/wait.ts';
import { one, startHarness } from './harness.ts';
import type { Harness } from './harness.ts';
import { startReceiver } from './receiver.ts';
import type { Receiver } from './receiver.ts';

let harness: Harness;
let receiver: Receiver;
beforeEach(async () => {
  const scenario = parseScenario('{"name":"a storm","steps":[{"atSeconds":900,"do":"clearFaults"}]}');
  [harness, receiver] = await Promise.all([startHarness({ scenario }), startReceiver()]);
});
afterEach(async () => {
  await harness.simulator.close();
  await receiver.close();
});

/** The page's text, a space for each tag. */
const read = async (): Promise<string> => {
  const html = await (await fetch(`${harness.simulator.url}/_control/`)).text();
  return html
    .slice(html.indexOf('<main>'))
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
};

describe('the page', () => {
  it('shows faults, scenario, budgets, locations, contacts and webhooks as they are', async () => {
    await harness.control.setWebhooks({ url: receiver.url });
    await harness.control.changeLocation(one, { rateLimit: { max: 1 } });
    const body = { locationId: one, firstName: 'Ann', lastName: 'Lee', assignedTo: 'user-1', tags: ['roof'] };
    expect((await harness.ask('POST', '/contacts/', { body })).status).toBe(201);
    expect((await harness.ask('POST', '/contacts/', { body })).status).toBe(429);
    await harness.control.addFault({ status: 503, path: '^/users', forMs: 60_000 });
    await harness.control.changeLocation(one, { active: false });
    await waitToPass(async () => {
      expect((await harness.control.getStats()).webhooks.delivered).toBe(1);
    });
    const page = await read();
    for (const text of [
      'Faults what how long struck status 503, forMs 60000, path ^/users',
      'Scenario: a storm at act state 900 s clearFaults waiting',
      'One App 1 1 0 of 1 199,999 of 200,000',
      `Agency One suspended installed 1 ${one}`,
      'Ann Lee One Ada roof 0 0 0',
      'ContactCreate delivered 200',
      `${receiver.url} ok 1 100.0%`,
    ])
      expect(page).toContain(text);
  });

  it('shows messages as they were sent', async () => {
    await harness.control.setBehaviour({ messageSentAfterMs: 60_000 });
    await harness.control.seed({ contacts: [{ id: 'ann', locationId: one, firstName: 'Ann', phone: '+15550000001' }] });
    const body = { type: 'SMS', contactId: 'ann', message: 'One: hello. Reply STOP to opt out.' };
    expect((await harness.ask('POST', '/conversations/messages', { body })).status).toBe(201);
    expect(await read()).toContain('to Ann sms pending One: hello. Reply STOP to opt out.');
  });

  it('reloads itself and fetches nothing else', async () => {
    const html = await (await fetch(`${harness.simulator.url}/_control/`)).text();
    expect(html).toContain('<meta http-equiv="refresh"');
    expect(html).not.toMatch(/<script|<link|<img|@import|url\(|src=/);
  });

  it('tells how far the clock was moved, and counts calls by the second', async () => {
    await harness.control.advanceClock(5_400_000);
    const html = await (await fetch(`${harness.simulator.url}/_control/`)).text();
    expect(html).toContain('1.5 h ahead');
    for (let n = 0; n < 20; n += 1) await harness.ask('GET', `/locations/${one}`);
    await waitToPass(async () => {
      expect((await harness.control.getStats()).callsPerSecond).toBe(2);
    });
  });
});
