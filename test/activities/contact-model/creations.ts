import fc from 'fast-check';
import { anyActor, command, hear, index, pick, there } from './command.ts';
import { anyChange, type Change, emptyOf, valuesOfGhl } from './model-fields.ts';
import { changeHere, type GhlRecord, type Model, newPerson, newRecord, THEM } from './model.ts';
import type { Real } from './real.ts';

const anyValues = fc.array(anyChange, { maxLength: 3 });

export const emailOf = (model: Model): string => `person-${(model.people += 1)}@x.test`;

const tellAll = (changes: readonly Change[]): string =>
  changes.map(({ field, value }) => `${field}=${String(value)}`).join(' ');

async function makeHere(
  model: Model,
  real: Real,
  { email, changes, actor }: { email: string; changes: readonly Change[]; actor: string },
): Promise<void> {
  await real.nextMoment();
  const last = [...new Map(changes.map((each) => [each.field, each]))].map(([, each]) => each);
  const wanted = last.filter(({ field, value }) => value !== emptyOf(field));
  const { id, at } = await real.make(email, wanted, actor);
  const person = newPerson(id, email);
  for (const change of [{ field: 'email' as const, value: email }, ...wanted]) {
    changeHere(person, change, { actor, at: at.getTime() });
  }
  model.persons.push(person);
}

/** A person makes a contact in GHL. */
export async function makeThere(
  model: Model,
  real: Real,
  { email, changes }: { email: string; changes: readonly Change[] },
): Promise<GhlRecord> {
  await real.nextMoment();
  const shown = await real.createThere(email, changes);
  const at = Date.parse(shown.dateUpdated);
  const record = newRecord({ ghlId: shown.id, email, values: valuesOfGhl(shown), at, by: [THEM] });
  model.records.push(record);
  return record;
}

export const createOurs = fc.record({ changes: anyValues, actor: anyActor }).map(({ changes, actor }) =>
  command(
    `ours new ${tellAll(changes)}`,
    ({ persons }) => persons.length < 6,
    (model, real) => makeHere(model, real, { email: emailOf(model), changes, actor }),
  ),
);

/** Somebody makes a contact in GHL: a new one, or one that was made here and is not there yet. */
export const createTheirs = fc
  .record({ changes: anyValues, isKnown: fc.boolean(), at: index })
  .map(({ changes, isKnown, at }) =>
    command(
      `theirs new ${isKnown ? `of ours ${at} ` : ''}${tellAll(changes)}`,
      ({ records }) => records.length < 6,
      async (model, real) => {
        const isThere = (email: string): boolean => there(model).some((each) => each.email === email);
        const awaited = model.persons.filter(
          ({ record, mergedInto, email }) => !record && !mergedInto && !isThere(email),
        );
        const email = (isKnown && pick(awaited, at)?.email) || emailOf(model);
        await makeThere(model, real, { email, changes });
      },
    ),
  );

/** A contact is made on both sides, and we hear of theirs before ours is on its way. */
export const createBoth = fc
  .record({ ours: anyValues, theirs: anyValues, actor: anyActor })
  .map(({ ours, theirs, actor }) =>
    command(
      `ours new ${tellAll(ours)} and theirs of the same, read: ${tellAll(theirs)}`,
      ({ persons, records }) => persons.length < 6 && records.length < 6,
      async (model, real) => {
        const email = emailOf(model);
        await makeHere(model, real, { email, changes: ours, actor });
        const record = await makeThere(model, real, { email, changes: theirs });
        await hear(model, real, record);
      },
    ),
  );
