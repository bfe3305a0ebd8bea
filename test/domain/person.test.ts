import { describe, expect, it } from 'vitest';
import { recognisePerson } from '../../domain/person.ts';
import type { Applicant, KnownPerson } from '../../domain/person.ts';

const PHONE = '+14165550100';
const EMAIL = 'jane@example.com';

function person(id: string, fields: Partial<KnownPerson> = {}): KnownPerson {
  const createdAt = new Date('2026-01-01T00:00:00Z');
  return { id, firstName: null, lastName: null, email: null, phone: null, createdAt, ...fields };
}

function applicant(fields: Partial<Applicant>): Applicant {
  return { firstName: null, lastName: null, email: null, phone: null, ...fields };
}

describe('recognisePerson', () => {
  it('recognises the same e-mail whatever the name', () => {
    const known = person('a', { email: EMAIL, firstName: 'Jane' });
    const result = recognisePerson(applicant({ email: EMAIL, firstName: 'John', lastName: 'Smith' }), [known]);
    expect(result).toEqual({ personId: 'a', reason: 'same-email' });
  });

  it('recognises the same phone when the names are compatible', () => {
    const known = person('a', { phone: PHONE, firstName: 'John', lastName: 'Smith' });
    const result = recognisePerson(applicant({ phone: PHONE, firstName: 'J.', lastName: 'Smith' }), [known]);
    expect(result).toEqual({ personId: 'a', reason: 'same-phone' });
  });

  it('keeps strangers apart who share the phone of an office', () => {
    const known = person('a', { phone: PHONE, firstName: 'John', lastName: 'Smith' });
    const result = recognisePerson(applicant({ phone: PHONE, firstName: 'Maria', lastName: 'Lopez' }), [known]);
    expect(result).toEqual({ personId: null, reason: 'phone-names-differ' });
  });

  it.each([
    [{ phone: PHONE }, { phone: PHONE, firstName: 'John', lastName: 'Smith' }],
    [{ phone: PHONE, firstName: 'John', lastName: 'Smith' }, { phone: PHONE }],
    [{ phone: PHONE }, { phone: PHONE }],
  ])('does not merge by phone when a name is missing (%#)', (fields, known) => {
    const result = recognisePerson(applicant(fields), [person('a', known)]);
    expect(result).toEqual({ personId: null, reason: 'phone-without-name' });
  });

  it('lets the e-mail win over the phone of another person', () => {
    const byEmail = person('email', { email: EMAIL, createdAt: new Date('2026-03-01T00:00:00Z') });
    const byPhone = person('phone', { phone: PHONE, firstName: 'Jane', lastName: 'Doe' });
    const asking = applicant({ email: EMAIL, phone: PHONE, firstName: 'Jane', lastName: 'Doe' });
    expect(recognisePerson(asking, [byPhone, byEmail])).toEqual({ personId: 'email', reason: 'email-over-phone' });
  });

  it('sees no conflict when one person has both', () => {
    const known = person('a', { email: EMAIL, phone: PHONE, firstName: 'Jane', lastName: 'Doe' });
    const asking = applicant({ email: EMAIL, phone: PHONE, firstName: 'Jane', lastName: 'Doe' });
    expect(recognisePerson(asking, [known])).toEqual({ personId: 'a', reason: 'same-email' });
  });

  it('takes the oldest of several, then the lower id', () => {
    const late = person('a', { email: EMAIL, createdAt: new Date('2026-02-01T00:00:00Z') });
    const candidates = [late, person('c', { email: EMAIL }), person('b', { email: EMAIL })];
    expect(recognisePerson(applicant({ email: EMAIL }), candidates).personId).toBe('b');
  });

  it('takes the very same name before an older one that is merely compatible', () => {
    const vague = person('vague', { phone: PHONE, firstName: 'J.', lastName: 'Smith' });
    const exact = person('exact', {
      phone: PHONE,
      firstName: 'Jane',
      lastName: 'Smith',
      createdAt: new Date('2026-02-01T00:00:00Z'),
    });
    const asking = applicant({ phone: PHONE, firstName: 'jane', lastName: 'Smith' });
    expect(recognisePerson(asking, [vague, exact]).personId).toBe('exact');
    expect(recognisePerson({ ...asking, firstName: 'Jo' }, [vague, exact]).personId).toBe('vague');
  });

  it('does not take two missing values for the same value', () => {
    const known = person('a', { firstName: 'Jane', lastName: 'Doe' });
    const result = recognisePerson(applicant({ firstName: 'Jane', lastName: 'Doe' }), [known]);
    expect(result).toEqual({ personId: null, reason: 'no-match' });
  });
});
