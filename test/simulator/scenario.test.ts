import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createControlClient } from '../../simulator/control-client.ts';
import { parseScenario } from '../../simulator/scenario/scenario.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { waitToPass } from '../stack/wait.ts';
import { basicSeed, company, one } from './harness.ts';

let simulator: Simulator | undefined;
afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
});

const parse = (steps: unknown[]): ReturnType<typeof parseScenario> => parseScenario(JSON.stringify({ steps }));

describe('a scenario', () => {
  it('lets an account live for a while', async () => {
    const population = { locationId: one, contacts: 1_000 };
    const scenario = parse([
      { atSeconds: 0, do: 'seed', with: basicSeed },
      { atSeconds: 0, do: 'seed', with: { generated: [population] } },
      { atSeconds: 0, do: 'makeChanges', with: { locationId: one, count: 5, weights: { tag: 1 } } },
      { atSeconds: 0, do: 'startChanges', with: { locationId: one, perSecond: 50 } },
      { atSeconds: 0.5, do: 'stopChanges' },
    ]);
    simulator = await startSimulator({ scenario });
    const control = createControlClient(simulator.url);
    await waitToPass(async () => expect((await control.getScenario())?.steps.at(-1)?.state).toBe('done'));
    const { running, changes } = await control.getChanges();
    expect(running).toBe(false);
    expect(changes.slice(0, 5).map(({ kind }) => kind)).toEqual(['tag', 'tag', 'tag', 'tag', 'tag']);
    expect(changes.length).toBeGreaterThan(5);
    expect((await control.getStats()).contacts).toBeGreaterThan(900);
  });

  it('does its steps in the order of time and goes on after one that is refused', async () => {
    const scenario = parse([
      { atSeconds: 0.1, do: 'revokeTokens', with: { locationId: one } },
      { atSeconds: 0, do: 'seed', with: basicSeed },
      { atSeconds: 0.05, do: 'changePlan', with: { locationId: 'nowhere', newPlanId: 'gold' } },
      { atSeconds: 0.05, do: 'advanceClock', with: { ms: 3_600_000 } },
      { atSeconds: 0.05, do: 'setBehaviour', with: { rateWindow: 'sliding' } },
      { atSeconds: 0.05, do: 'setWebhooks', with: { breaker: { moreThan: 5 } } },
      { atSeconds: 0.05, do: 'rotateWebhookKey' },
      { atSeconds: 600, do: 'clearFaults' },
    ]);
    simulator = await startSimulator({ scenario });
    const control = createControlClient(simulator.url);
    await waitToPass(async () => {
      const progress = await control.getScenario();
      expect(progress?.steps.map(({ act, state }) => `${act} ${state}`)).toEqual([
        'seed done',
        'changePlan failed',
        'advanceClock done',
        'setBehaviour done',
        'setWebhooks done',
        'rotateWebhookKey done',
        'revokeTokens done',
        'clearFaults waiting',
      ]);
    });
    expect(await control.getWebhooks()).toMatchObject({
      breaker: { moreThan: 5, successRate: 0.9 },
      previousPublicKeyPem: expect.any(String) as string,
    });
    const headers = { authorization: 'Bearer location-1-token', version: '2021-07-28' };
    expect((await fetch(`${simulator.url}/locations/${one}`, { headers })).status).toBe(401);
  });

  it.each<[string, unknown, string]>([
    ['no steps', { steps: [] }, 'steps: '],
    ['an unknown act', { steps: [{ atSeconds: 0, do: 'explode' }] }, 'steps.0.do: is no act; known are seed'],
    ['a time before the start', { steps: [{ atSeconds: -1, do: 'clearFaults' }] }, 'steps.0.atSeconds: '],
    [
      'a misspelt field',
      { steps: [{ atSeconds: 0, do: 'clearFaults', wiht: {} }] },
      'steps.0: Unrecognized key: "wiht"',
    ],
    [
      'a fault that cannot be',
      { steps: [{ atSeconds: 0, do: 'addFault', with: { latencyMs: -5 } }] },
      'steps.0.with.latencyMs: Too small',
    ],
    ['something else', ['steps'], 'the file: Invalid input: expected object'],
  ])('with %s is refused with the reason', (_case, file, reason) => {
    expect(() => parseScenario(JSON.stringify(file))).toThrow(reason);
  });

  it('that is no JSON is refused', () => {
    expect(() => parseScenario('{')).toThrow('it is no JSON');
  });

  it('tells all that is wrong at once', () => {
    const steps = [
      { atSeconds: 0, do: 'addFault', with: { path: '(' } },
      { atSeconds: 1, do: 'install', with: { companyId: company, location: one } },
    ];
    expect(() => parse(steps)).toThrow(/steps\.0\.with\.path: [\s\S]*steps\.1\.with: /);
  });

  it('comes with the simulator, for demonstrations', async () => {
    const text = await readFile(join(import.meta.dirname, '../../simulator/scenarios/bad-day.json'), 'utf8');
    expect(parseScenario(text).steps.length).toBeGreaterThan(10);
  });
});
