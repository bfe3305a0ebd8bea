import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { RotationActivities } from '../activities/credential-rotation.ts';
import type { RotationGhlActivities } from '../activities/credential-rotation-ghl.ts';
import type { RotationOutcome } from '../domain/credential-rotation.ts';
import { failureCode, isStepFailure, putBeforeOperator } from './step-failure.ts';
import { ghlQueueOf } from './task-queues.ts';

export interface CredentialRotationInput {
  agencyId: string;
  rotationId: string;
}

const store = proxyActivities<RotationActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
});

/** Somebody waits for the answer; the old token works meanwhile, so nothing is lost by giving up. */
const ghl = proxyActivities<RotationGhlActivities>({
  taskQueue: ghlQueueOf('interactive'),
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '20 seconds',
  scheduleToCloseTimeout: '10 minutes',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

interface Tried {
  outcome: RotationOutcome;
  missingScopes: string[];
  /** The code of what failed for good. */
  cause?: string;
}

/** Tries a new token against GHL and lets it replace the old one only when it does all that is needed. */
export async function credentialRotation(rotation: CredentialRotationInput): Promise<RotationOutcome> {
  const outcome = await end(rotation, await tryIt(rotation));
  setCurrentDetails(`**${outcome}**`);
  return outcome;
}

async function tryIt(rotation: CredentialRotationInput): Promise<Tried> {
  try {
    return await ghl.tryCredential(rotation);
  } catch (error) {
    if (!isStepFailure(error)) throw error;
    const cause = failureCode(error);
    const isAway = ['GhlUnavailable', 'GhlRateLimited', 'GhlCircuitOpen', 'TIMEOUT'].includes(cause);
    return { missingScopes: [], ...(isAway ? { outcome: 'ghl-away' } : { outcome: 'failed', cause }) };
  }
}

/** Stores how it ended. Where even that fails for good the old credential stands, and an operator hears of it. */
async function end(rotation: CredentialRotationInput, tried: Tried): Promise<RotationOutcome> {
  try {
    return await store.endCredentialRotation({ ...rotation, ...tried });
  } catch (error) {
    if (!isStepFailure(error)) throw error;
    const failed = { outcome: 'failed' as const, missingScopes: [], cause: failureCode(error) };
    await putBeforeOperator(async () => void (await store.endCredentialRotation({ ...rotation, ...failed })));
    throw error;
  }
}
