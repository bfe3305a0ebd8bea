import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { CountryCode } from 'libphonenumber-js/max';

export interface NormalisedPhone {
  /** E.164, such as `+14165550123`; null unless the reason is `ok`. */
  phone: string | null;
  reason: 'ok' | 'missing' | 'invalid';
}

/** 888-888-8888 passes every numbering plan and is what people type to get past a form. */
const ONE_DIGIT_REPEATED = /^(\d)\1+$/;

/**
 * Turns what a person typed into E.164.
 * @param raw any spelling, with or without country code; an extension is dropped, E.164 has no room for it
 * @param country ISO 3166 code of the country assumed when the number does not name one
 * @returns `invalid` for numbers outside their country's numbering plan (full metadata, not only the length)
 */
export function normalisePhone(raw: string | null | undefined, country: CountryCode): NormalisedPhone {
  const text = raw?.trim() ?? '';
  if (text === '') return { phone: null, reason: 'missing' };
  const parsed = parsePhoneNumberFromString(text, country);
  if (!parsed?.isValid() || ONE_DIGIT_REPEATED.test(parsed.nationalNumber)) return { phone: null, reason: 'invalid' };
  return { phone: parsed.number, reason: 'ok' };
}
