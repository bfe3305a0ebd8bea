import fc from 'fast-check';
import { anyActor, command, hear, here, index, isThere, pick, there, typeThere } from './command.ts';
import { anyChange, othersOf } from './model-fields.ts';
import { editHere, refresh } from './sight.ts';
import { mapFields, mergedValues, observe, THEM } from './model.ts';
import { expect } from 'vitest';

export const editOurs = fc.record({ at: index, change: anyChange, actor: anyActor }).map(({ at, change, actor }) =>
  command(
    `ours ${at} ${change.field}=${String(change.value)} by ${actor}`,
    (model) => here(model).length > 0,
    (model, real) => editHere(real, pick(here(model), at)!, change, actor),
  ),
);

export const editTheirs = fc.record({ at: index, change: anyChange }).map(({ at, change }) =>
  command(
    `theirs ${at} ${change.field}=${String(change.value)}`,
    (model) => there(model).length > 0,
    (model, real) => typeThere(real, pick(there(model), at)!, change),
  ),
);

/** Both sides change the same field, neither knowing of the other, and perhaps something else of the contact changes too. */
export const clash = fc
  .record({
    at: index,
    ours: anyChange,
    theirs: fc.nat(2),
    order: fc.constantFrom('ours' as const, 'theirs' as const),
    /** We hear of theirs before we write. */
    isRead: fc.boolean(),
    beside: fc.option(anyChange, { nil: undefined }),
    actor: anyActor,
  })
  .map(({ at, ours, theirs: other, order, isRead, beside, actor }) => {
    const theirs = { field: ours.field, value: pick(othersOf(ours), other)! };
    return command(
      `both ${at} ${ours.field}: ours ${String(ours.value)} by ${actor}, theirs ${String(theirs.value)}, ${order} first${isRead ? ', read' : ''}` +
        (beside ? `, then theirs ${beside.field}=${String(beside.value)}` : ''),
      (model) => here(model).some(isThere),
      async (model, real) => {
        const person = pick(here(model).filter(isThere), at)!;
        if (order === 'ours') await editHere(real, person, ours, actor);
        await typeThere(real, person.record!, theirs);
        if (order === 'theirs') await editHere(real, person, ours, actor);
        if (isRead) await hear(model, real, person.record!);
        if (beside) await typeThere(real, person.record!, beside);
      },
    );
  });

export const deleteThere = index.map((at) =>
  command(
    `theirs ${at} deleted`,
    (model) => there(model).length > 0,
    async (model, real) => {
      const record = pick(there(model), at)!;
      await real.bench.simulator.deleteContact(record.ghlId);
      record.isGone = true;
    },
  ),
);

export const mergeThere = fc.tuple(index, index).map(([first, second]) =>
  command(
    `theirs ${first} and ${second} merged`,
    (model) => there(model).length > 1,
    async (model, real) => {
      const survivor = pick(there(model), first)!;
      const loser = pick(
        there(model).filter((each) => each !== survivor),
        second,
      )!;
      await real.nextMoment();
      await real.bench.simulator.mergeContacts({ survivorId: survivor.ghlId, loserId: loser.ghlId });
      loser.isGone = true;
      await refresh(real, survivor);
    },
  ),
);

/** An operator's merge, which loses answers and goes on. */
export const mergeHere = fc.tuple(index, index).map(([first, second]) =>
  command(
    `ours ${first} and ${second} merged`,
    (model) => !model.isAway && here(model).filter(({ record }) => record).length > 1,
    async (model, real) => {
      const inGhl = here(model).filter(({ record }) => record);
      const survivor = pick(inGhl, first)!;
      const loser = pick(
        inGhl.filter((each) => each !== survivor),
        second,
      )!;
      const [kept, gone] = [survivor.record!, loser.record!];
      // A refusal would end it half way, for an operator to go on.
      if (
        (await real.bench.simulator.listFaults()).some(({ status, createdBut422 }) => status === 422 || createdBut422)
      )
        return;
      await real.nextMoment();
      const outcome = await real.merge(survivor.ourId, loser.ourId);
      if (survivor.wants.size > 0 || loser.wants.size > 0) return expect(outcome).toBe('changes-unsettled');
      if (gone.isGone) return expect(outcome).toBe('loser-gone');
      if (kept.isGone) return expect(outcome).toBe('survivor-gone');
      expect(outcome).toBe('merged');
      const wanted = mergedValues(kept.values, gone.values);
      const by = mapFields((field) => new Set([...kept.author[field], ...gone.author[field], THEM]));
      await refresh(real, kept);
      expect(kept.values).toEqual(wanted);
      kept.author = by;
      gone.isGone = true;
      observe(gone);
      observe(kept);
      loser.mergedInto = survivor;
    },
  ),
);
