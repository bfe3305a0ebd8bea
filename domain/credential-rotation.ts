/** How the trial of a new token ended. Stored, so words stay as they are. */
export type RotationOutcome =
  | 'replaced'
  /** GHL does not know the token. */
  | 'refused'
  /** The token works, but not for all that is needed. */
  | 'scope-missing'
  /** The token is of another location or company. */
  | 'other-account'
  /** Another rotation of the same credential was asked for later. */
  | 'superseded'
  | 'ghl-away'
  | 'failed';

/** What one call with the new token showed. */
export interface TrialCall {
  /** The scope that the call needs. */
  scope: string;
  answer: 'allowed' | 'scope-missing' | 'refused' | 'other-account';
}

/**
 * Decides whether a new token may replace the old one: every call of the trial must have been allowed. A token that GHL
 * does not know, or that is another account's, says nothing about scopes.
 * @param calls at least one
 */
export function judgeTrial(calls: readonly TrialCall[]): { outcome: RotationOutcome; missingScopes: string[] } {
  const has = (answer: TrialCall['answer']): boolean => calls.some((call) => call.answer === answer);
  if (has('refused')) return { outcome: 'refused', missingScopes: [] };
  if (has('other-account')) return { outcome: 'other-account', missingScopes: [] };
  const missingScopes = calls.filter((call) => call.answer === 'scope-missing').map((call) => call.scope);
  if (calls.length === 0) return { outcome: 'failed', missingScopes };
  return { outcome: missingScopes.length === 0 ? 'replaced' : 'scope-missing', missingScopes };
}
