import type { OpenCall } from './route.ts';

/** Tells whether the caller asked for the named version, which renames fields here and there. */
export function isV3(call: Pick<OpenCall, 'headers'>): boolean {
  return call.headers['version'] === 'v3';
}

/** The word of success as the version spells it: the older ones have lost an `e`. */
export function succeeded(call: Pick<OpenCall, 'headers'>): Record<string, boolean> {
  return isV3(call) ? { succeeded: true } : { succeded: true };
}

/** The same where the newer version says it in both spellings: removals, enrolments and bulk changes. */
export function succeededEitherWay(call: Pick<OpenCall, 'headers'>): Record<string, boolean> {
  return isV3(call) ? { succeeded: true, succeded: true } : { succeded: true };
}
