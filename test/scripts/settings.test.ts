import { describe, expect, it } from 'vitest';
import { readSettings, SettingsError } from '../../scripts/stack/settings.ts';

const read = (args: string[] = [], environment: NodeJS.ProcessEnv = {}) => readSettings(args, environment, '/project');

function refuse(args: string[], environment: NodeJS.ProcessEnv): string[] {
  try {
    read(args, environment);
  } catch (error) {
    if (error instanceof SettingsError) return error.message.split('\n').slice(1);
  }
  throw new Error('the settings were taken');
}

describe('the settings of npm start', () => {
  it('needs none: everything is started here, with the demonstration, until Ctrl-C', () => {
    expect(read()).toEqual({
      help: false,
      demo: true,
      once: false,
      dataDir: '/project/.switchyard',
      databaseUrl: undefined,
      temporalAddress: undefined,
      temporalUiUrl: undefined,
      namespace: 'default',
      ports: { api: 3000, workerHealth: 3001, simulator: 4010, postgres: 5544, temporal: 7244, temporalUi: 8244 },
    });
  });

  it('takes servers, ports and folder from the environment', () => {
    const settings = read([], {
      SWITCHYARD_DATA_DIR: '/elsewhere/data',
      DATABASE_URL: 'postgresql://owner@db.test/switchyard',
      TEMPORAL_ADDRESS: 'temporal.test:7233',
      TEMPORAL_UI_URL: 'http://temporal.test:8080',
      TEMPORAL_NAMESPACE: 'agency',
      API_PORT: '8080',
      TEMPORAL_UI_PORT: '8081',
    });
    expect(settings).toMatchObject({
      dataDir: '/elsewhere/data',
      databaseUrl: 'postgresql://owner@db.test/switchyard',
      temporalAddress: 'temporal.test:7233',
      temporalUiUrl: 'http://temporal.test:8080',
      namespace: 'agency',
      ports: { api: 8080, temporalUi: 8081, workerHealth: 3001 },
    });
  });

  it('counts an empty variable as not set', () => {
    expect(read([], { API_PORT: '', DATABASE_URL: '', TEMPORAL_ADDRESS: '' })).toEqual(read());
  });

  it('takes its options from the arguments only', () => {
    expect(read(['--help']).help).toBe(true);
    expect(read(['--scenario', 'once'])).toMatchObject({ once: true, demo: true });
    expect(read(['--no-demo'])).toMatchObject({ once: false, demo: false });
    expect(read([], { help: 'yes', scenario: 'twice', 'no-demo': '1' })).toEqual(read());
  });

  it.each([
    ['a port that is no number', [], { API_PORT: 'http' }, /API_PORT: /],
    ['a port out of range', [], { POSTGRES_PORT: '70000' }, /POSTGRES_PORT: /],
    ['a fraction of a port', [], { TEMPORAL_PORT: '72.5' }, /TEMPORAL_PORT: /],
    ['an address without a port', [], { TEMPORAL_ADDRESS: 'localhost' }, /TEMPORAL_ADDRESS: wanted is host:port/],
    ['a database of another kind', [], { DATABASE_URL: 'mysql://db.test/x' }, /DATABASE_URL: /],
    ['an unknown option', ['--verbose'], {}, /'--verbose'.*--help/],
    ['a stray argument', ['now'], {}, /'now'.*--help/],
    ['an unknown scenario', ['--scenario', 'twice'], {}, /--scenario: the only scenario is "once"/],
    ['a demonstration both once and never', ['--scenario', 'once', '--no-demo'], {}, /exclude each other/],
    ['one port for two servers', [], { API_PORT: '3001' }, /API_PORT, WORKER_HEALTH_PORT: each needs a port/],
  ])('refuses %s', (_, args, environment, message) => {
    const problems = refuse(args, environment);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(message);
  });

  it('names every problem of arguments and environment at once', () => {
    const problems = refuse(['--verbose'], { API_PORT: '0', SIMULATOR_PORT: 'x', TEMPORAL_ADDRESS: 'nowhere' }).join();
    for (const name of ['--verbose', 'API_PORT', 'SIMULATOR_PORT', 'TEMPORAL_ADDRESS'])
      expect(problems).toContain(name);
  });

  it('repeats no password of an address it cannot use', () => {
    expect(refuse([], { DATABASE_URL: 'mysql://owner:very-secret@db.test/x' }).join()).not.toContain('very-secret');
  });
});
