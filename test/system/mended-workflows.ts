import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';

const { fail } = proxyActivities<{ fail(type: string): Promise<void> }>({
  startToCloseTimeout: '10 seconds',
  retry: { initialInterval: '1 hour' },
});

const tell = defineSignal('tell');

/** Waits for nothing that comes. */
export async function contactSync(): Promise<void> {
  await condition(() => false);
}

/** Waits for GHL. */
export async function accountSync(): Promise<void> {
  await fail('GhlUnavailable');
}

/** Its step fails for a cause that nobody foresaw. */
export async function agencyConnect(): Promise<void> {
  await fail('Broken');
}

/** A lead whose step fails, while it hears what happens elsewhere. */
export async function leadIntake(type: string): Promise<void> {
  await failWhileTold(type);
}

/** A run of a backfill whose step fails. */
export async function backfillRun(type: string): Promise<void> {
  await failWhileTold(type);
}

async function failWhileTold(type: string): Promise<void> {
  setHandler(tell, () => {});
  await fail(type);
}
