import fc from 'fast-check';
import { type Change, typedInGhl } from './model-fields.ts';
import { type GhlRecord, isChangeable, type Model, type Person } from './model.ts';
import type { Real } from './real.ts';
import { expectMirror, refresh } from './sight.ts';
import { stepRead } from './steps.ts';

type Command = fc.AsyncCommand<Model, Real>;

export const pick = <T>(from: readonly T[], index: number): T | undefined => from[index % from.length];

/** A command with the question that follows every one: does the mirror show what was seen, and no more? */
export function command(
  title: string,
  may: (model: Model) => boolean,
  act: (model: Model, real: Real) => Promise<void>,
): Command {
  return {
    check: (model) => may(model),
    toString: () => title,
    async run(model, real) {
      await act(model, real);
      await expectMirror(model, real);
    },
  };
}

export const here = (model: Model): Person[] => model.persons.filter(isChangeable);

export const there = (model: Model): GhlRecord[] => model.records.filter(({ isGone }) => !isGone);

export const isThere = ({ record }: Person): boolean => record?.isGone === false;

/** Mostly the same few, for what meets is what matters. */
export const index = fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 3, 4);

export const anyActor = fc.constantFrom('api-key:1', 'api-key:2');

export async function typeThere(real: Real, record: GhlRecord, change: Change): Promise<void> {
  await real.nextMoment();
  const shown = (await real.bench.simulator.listContacts(real.ghlLocationId)).find(({ id }) => id === record.ghlId);
  if (shown) await real.bench.simulator.updateContact(record.ghlId, typedInGhl(change, shown.tags));
  await refresh(real, record);
}

/** An event tells of a contact, and it is read. */
export async function hear(model: Model, real: Real, { ghlId }: GhlRecord): Promise<void> {
  await real.workflows.contactChanged({ ...real, changes: [{ resource: 'contact', ghlId, ghlContactId: ghlId }] });
  await stepRead(model, real, ghlId);
}
