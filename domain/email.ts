export interface NormalisedEmail {
  /** Lower case, without surrounding space; null unless the reason is `ok`. */
  email: string | null;
  reason: 'ok' | 'missing' | 'invalid';
}

const MAX_LENGTH = 254;
const MAX_LOCAL_LENGTH = 64;
const INVISIBLE = /[\u200b-\u200d\u2060\ufeff]/g;
/** RFC 5321 dot-string, widened to letters of every script (RFC 6531); quoted local parts are left out on purpose. */
const LOCAL_PART = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;
const DOMAIN_LABEL = /^[\p{L}\p{M}\p{N}]([\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?$/u;
const TOP_LEVEL = /^(xn--[a-z0-9-]+|[\p{L}\p{M}]{2,63})$/u;

/**
 * Brings an address to the one spelling by which people are compared.
 * Plus-tags and dots are kept: only the mail provider knows whether they matter.
 * @param raw what was typed or received
 * @returns `invalid` for what no public mail server would take; quoted local parts and IP literals count as such
 */
export function normaliseEmail(raw: string | null | undefined): NormalisedEmail {
  const email = (raw ?? '').replace(INVISIBLE, '').normalize('NFC').trim().toLowerCase();
  if (email === '') return { email: null, reason: 'missing' };
  return isDeliverable(email) ? { email, reason: 'ok' } : { email: null, reason: 'invalid' };
}

function isDeliverable(email: string): boolean {
  const at = email.lastIndexOf('@');
  const local = email.slice(0, Math.max(at, 0));
  const labels = email.slice(at + 1).split('.');
  return (
    email.length <= MAX_LENGTH &&
    local.length <= MAX_LOCAL_LENGTH &&
    LOCAL_PART.test(local) &&
    labels.length >= 2 &&
    labels.every((label) => DOMAIN_LABEL.test(label)) &&
    TOP_LEVEL.test(labels.at(-1) ?? '')
  );
}
