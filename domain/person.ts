import { namesAreCompatible, namesAreEqual } from './name-match.ts';
import type { PersonName } from './person-name.ts';

/** Who is asking, with e-mail and phone as `normaliseEmail` and `normalisePhone` return them. */
export interface Applicant extends PersonName {
  email: string | null;
  phone: string | null;
}

/** A person of the same agency who shares the applicant's e-mail or phone. */
export interface KnownPerson extends Applicant {
  id: string;
  createdAt: Date;
}

export interface PersonRecognition {
  /** Null means: a new person. */
  personId: string | null;
  reason: RecognitionReason;
}

type RecognitionReason =
  | 'same-email'
  /** The phone belongs to somebody else with a compatible name; the e-mail decided. */
  | 'email-over-phone'
  | 'same-phone'
  | 'phone-names-differ'
  | 'phone-without-name'
  | 'no-match';

/**
 * Decides whether an applicant is somebody the agency knows. An e-mail address is personal and decides alone; a
 * phone may be an office's or a family's and needs compatible names. Of several matches by phone the one of the
 * very same name is taken first; otherwise the oldest, then the lower id.
 */
export function recognisePerson(applicant: Applicant, candidates: readonly KnownPerson[]): PersonRecognition {
  const byAge = [...candidates].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1));
  const sharingPhone = byAge.filter((person) => applicant.phone !== null && person.phone === applicant.phone);
  const compatible = sharingPhone.filter((person) => namesAreCompatible(applicant, person));
  const byPhone = compatible.find((person) => namesAreEqual(applicant, person)) ?? compatible[0];
  const byEmail = byAge.find((person) => applicant.email !== null && person.email === applicant.email);

  if (byEmail !== undefined) {
    const isContested = byPhone !== undefined && !compatible.includes(byEmail);
    return { personId: byEmail.id, reason: isContested ? 'email-over-phone' : 'same-email' };
  }
  if (byPhone !== undefined) return { personId: byPhone.id, reason: 'same-phone' };
  if (sharingPhone.length === 0) return { personId: null, reason: 'no-match' };
  const bothNamed = isNamed(applicant) && sharingPhone.some(isNamed);
  return { personId: null, reason: bothNamed ? 'phone-names-differ' : 'phone-without-name' };
}

function isNamed(name: PersonName): boolean {
  return name.firstName !== null || name.lastName !== null;
}
