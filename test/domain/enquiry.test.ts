import { describe, expect, it } from 'vitest';
import { enquirySchema, normaliseEnquiry } from '../../domain/enquiry.ts';

describe('the body of a new lead', () => {
  it('needs an e-mail or a phone', () => {
    expect(enquirySchema.safeParse({ firstName: 'Ada' }).success).toBe(false);
    expect(enquirySchema.safeParse({ email: 'ada@x.test' }).success).toBe(true);
    expect(enquirySchema.safeParse({ phone: '617-555-0111' }).success).toBe(true);
  });

  it('is refused with a property that nobody knows, or a value out of bounds', () => {
    const refused = [
      { emial: 'ada@x.test' },
      { firstName: 'x'.repeat(101) },
      { country: 'DE' },
      { locationId: 'here' },
      { vertical: '   ' },
    ];
    for (const more of refused) expect(enquirySchema.safeParse({ email: 'ada@x.test', ...more }).success).toBe(false);
  });
});

describe('an enquiry', () => {
  it('is brought into one spelling', () => {
    const enquiry = normaliseEnquiry({
      name: 'Public, John',
      email: ' John@X.Test ',
      phone: '(617) 555-0111',
      postcode: '02116-1234',
      vertical: ' Solar ',
      source: ' web ',
    });
    expect(enquiry).toMatchObject({
      firstName: 'John',
      lastName: 'Public',
      email: 'john@x.test',
      phone: '+16175550111',
      postcode: '02116',
      country: 'US',
      vertical: 'solar',
      source: 'web',
      refused: [],
    });
    expect(enquiry.point?.latitude).toBeCloseTo(42.35, 1);
  });

  it('reads a phone by the country that the postcode names', () => {
    expect(normaliseEnquiry({ phone: '416 555 0123', postcode: 'M5V 2T6' })).toMatchObject({
      country: 'CA',
      phone: '+14165550123',
    });
  });

  it('says which identifiers were given and cannot be used', () => {
    const enquiry = normaliseEnquiry({ email: 'no address', phone: '123', postcode: 'nowhere' });
    expect(enquiry).toMatchObject({ email: null, phone: null, postcode: null, point: null });
    expect(enquiry.refused).toEqual(['email', 'phone', 'postcode']);
  });

  it('of nothing is empty and refuses nothing', () => {
    expect(normaliseEnquiry({})).toMatchObject({ firstName: null, email: null, vertical: null, refused: [] });
  });
});
