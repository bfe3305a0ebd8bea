import { ApplicationFailure } from '@temporalio/common';
import { contactKeyOf, type ContactChange, gatherChanges } from '../../../domain/contact-change.ts';
import { FakeClient } from '../../api/fake-client.ts';
import { type ActivityBench, run } from '../../stack/activity-bench.ts';

type Read = Parameters<ActivityBench['contactsGhl']['readChanges']>[0];
type Write = Parameters<ActivityBench['editsGhl']['writeContactEdits']>[0];
interface Trying<Args> {
  args: Args;
  attempt: number;
}

/** What the workflow of a contact holds between its steps. */
interface Running {
  queue: ContactChange[];
  edited: Set<string>;
  reading: Trying<Read> | undefined;
  writing: Trying<Write> | undefined;
}

export type StepEnd = 'done' | 'failed' | 'again';

/**
 * The workflows of contacts, their steps one by one: what they are told they queue and gather as `contactSync` does, a step
 * that fails is tried again with what it was given, and one that fails for good is noted.
 */
export class SteppedWorkflows extends FakeClient {
  readonly #running = new Map<string, Running>();
  readonly #bench: ActivityBench;

  constructor(bench: ActivityBench) {
    super();
    this.#bench = bench;
  }

  override contactChanged = ({ changes }: Parameters<FakeClient['contactChanged']>[0]): Promise<void> => {
    this.#of(contactKeyOf(changes[0])).queue.push(...changes);
    return Promise.resolve();
  };
  override contactEdited = (of: { contactKey: string; editedContactId: string }): Promise<void> => {
    this.#of(of.contactKey).edited.add(of.editedContactId);
    return Promise.resolve();
  };

  #of(key: string): Running {
    const known = this.#running.get(key);
    if (known) return known;
    const fresh: Running = { queue: [], edited: new Set(), reading: undefined, writing: undefined };
    this.#running.set(key, fresh);
    return fresh;
  }

  /** Those that have something to do, by the contact's key. */
  busy(): string[] {
    return [...this.#running]
      .filter(([, one]) => one.queue.length > 0 || one.edited.size > 0 || one.reading || one.writing)
      .map(([key]) => key);
  }

  /** Those whose writing did not get through. */
  waiting(): string[] {
    return [...this.#running].filter(([, { writing }]) => writing !== undefined).map(([key]) => key);
  }

  forget(): void {
    this.#running.clear();
  }

  /** What is read next: the ids in GHL. */
  toRead(key: string): string[] {
    const { reading, queue } = this.#of(key);
    return (reading?.args.changes ?? gatherChanges(queue)).map(({ ghlId }) => ghlId);
  }

  /** Whose changes are written next, by our id. */
  toWrite(key: string): string | undefined {
    const { writing, edited } = this.#of(key);
    return writing?.args.contactId ?? [...edited][0];
  }

  async read(key: string, of: { agencyId: string; locationId: string }): Promise<StepEnd> {
    const one = this.#of(key);
    const step = one.reading ?? { args: { ...of, changes: gatherChanges(one.queue) }, attempt: 1 };
    if (!one.reading) one.queue = [];
    one.reading = undefined;
    const { attempt } = step;
    const failure = await failureOf(() => run(this.#bench.contactsGhl.readChanges, step.args, { attempt }));
    if (failure === undefined) return 'done';
    if (!failure.nonRetryable) {
      one.reading = { ...step, attempt: attempt + 1 };
      return 'again';
    }
    await run(this.#bench.contacts.recordUnreadChanges, { ...step.args, cause: failure.type ?? 'Unknown' });
    return 'failed';
  }

  async write(key: string, of: { agencyId: string; locationId: string }): Promise<StepEnd> {
    const one = this.#of(key);
    const contactId = this.toWrite(key);
    if (contactId === undefined) return 'done';
    const step = one.writing ?? { args: { ...of, contactKey: key, contactId }, attempt: 1 };
    if (!one.writing) one.edited.delete(contactId);
    one.writing = undefined;
    const { attempt } = step;
    const failure = await failureOf(() => run(this.#bench.editsGhl.writeContactEdits, step.args, { attempt }));
    if (failure === undefined) return 'done';
    if (!failure.nonRetryable) {
      one.writing = { ...step, attempt: attempt + 1 };
      return 'again';
    }
    await run(this.#bench.edits.recordEditFailure, { ...step.args, cause: failure.type ?? 'Unknown' });
    return 'failed';
  }

  /** GHL was away for too long: what was being written is given up. */
  async giveUp(key: string): Promise<void> {
    const one = this.#of(key);
    if (!one.writing) return;
    const { args } = one.writing;
    one.writing = undefined;
    await run(this.#bench.edits.recordEditFailure, { ...args, cause: 'TIMEOUT' });
  }
}

async function failureOf(step: () => Promise<unknown>): Promise<ApplicationFailure | undefined> {
  try {
    await step();
    return undefined;
  } catch (error) {
    if (error instanceof ApplicationFailure) return error;
    throw error;
  }
}
