import type { ContactIdentity, MatchedContact } from './contact-match.ts';
import { namesAreCompatible } from './name-match.ts';

export type CreationChoice =
  | { choice: 'create'; reason: 'new' }
  /** Somebody made the contact already, perhaps we ourselves by a call whose answer was lost. */
  | { choice: 'adopt'; contactId: string; reason: 'same-email' | 'same-phone' }
  /** Who it is cannot be told safely: an operator says. */
  | { choice: 'ask'; contactIds: string[]; reason: 'two-contacts' | 'email-differs' | 'phone-of-another' };

/**
 * Decides whether a contact that was made here is in GHL already, given who has its e-mail and who its phone there. Left
 * to itself GHL's upsert would follow one of two, or replace the main e-mail of whoever has the phone.
 */
export function chooseCreation(
  person: ContactIdentity,
  byEmail: MatchedContact | undefined,
  byPhone: MatchedContact | undefined,
): CreationChoice {
  if (byEmail && byPhone && byEmail.id !== byPhone.id) {
    return { choice: 'ask', contactIds: [byEmail.id, byPhone.id], reason: 'two-contacts' };
  }
  if (byEmail) return { choice: 'adopt', contactId: byEmail.id, reason: 'same-email' };
  if (!byPhone) return { choice: 'create', reason: 'new' };
  // Made between our two questions.
  if (byPhone.email !== null && byPhone.email.toLowerCase() === person.email?.toLowerCase()) {
    return { choice: 'adopt', contactId: byPhone.id, reason: 'same-email' };
  }
  if (byPhone.email !== null && person.email !== null) {
    return { choice: 'ask', contactIds: [byPhone.id], reason: 'email-differs' };
  }
  const isNamed = (each: ContactIdentity): boolean => Boolean(each.firstName ?? each.lastName);
  if (isNamed(person) && isNamed(byPhone) && !namesAreCompatible(person, byPhone)) {
    return { choice: 'ask', contactIds: [byPhone.id], reason: 'phone-of-another' };
  }
  return { choice: 'adopt', contactId: byPhone.id, reason: 'same-phone' };
}
