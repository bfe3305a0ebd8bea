import { describe, expect, it } from 'vitest';
import { createParts, type Part, StoppingError } from '../../scripts/stack/parts.ts';

function makeWorld() {
  const stopped: string[] = [];
  const parts = createParts(() => {});
  const make = (name: string, failed?: Promise<never>): Part => ({
    ...(failed && { failed }),
    stop: async () => void stopped.push(name),
  });
  return { stopped, parts, make };
}

describe('the parts of the stack', () => {
  it('stop in the opposite order of their start', async () => {
    const { stopped, parts, make } = makeWorld();
    for (const name of ['database', 'worker', 'api']) await parts.start(name, async () => make(name));
    expect(await parts.stopAll()).toEqual([]);
    expect(stopped).toEqual(['api', 'worker', 'database']);
  });

  it('stop also when they are only half-way up', async () => {
    const { stopped, parts, make } = makeWorld();
    let finish: (part: Part) => void = () => {};
    const starting = parts.start('database', () => new Promise<Part>((resolve) => (finish = resolve)));
    const stopping = parts.stopAll();
    finish(make('database'));
    await Promise.all([starting, stopping]);
    expect(stopped).toEqual(['database']);
  });

  it('are no longer started once everything is being stopped', async () => {
    const { parts, make } = makeWorld();
    await parts.stopAll();
    let begun = false;
    const late = parts.start('late', async () => {
      begun = true;
      return make('late');
    });
    await expect(late).rejects.toThrow(StoppingError);
    expect(begun).toBe(false);
  });

  it('report the first that fails once it was up', async () => {
    const { parts, make } = makeWorld();
    let fail: (reason: Error) => void = () => {};
    const failed = new Promise<never>((_, reject) => (fail = reject));
    await parts.start('database', async () => make('database', failed));
    fail(new Error('the database is gone'));
    await expect(parts.failed).rejects.toThrow('the database is gone');
  });

  it('are all stopped, and those named that would not, when one cannot be stopped', async () => {
    const { stopped, parts, make } = makeWorld();
    await parts.start('database', async () => make('database'));
    await parts.start('worker', async () => ({ stop: () => Promise.reject(new Error('no')) }));
    await expect(parts.start('api', () => Promise.reject(new Error('never up')))).rejects.toThrow('never up');
    expect(await parts.stopAll()).toEqual(['worker']);
    expect(stopped).toEqual(['database']);
  });
});
