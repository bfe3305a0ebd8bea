import { describe, expect, it } from 'vitest';
import { distanceKm } from '../../domain/distance.ts';
import { locatePostcode, normalisePostcode } from '../../domain/postcode.ts';

describe('normalisePostcode', () => {
  it.each([
    ['02116', undefined, '02116', 'US'],
    [' 02116 ', 'US', '02116', 'US'],
    ['02116-1234', 'US', '02116', 'US'],
    ['02116 1234', 'US', '02116', 'US'],
    ['021161234', 'US', '02116', 'US'],
    ['02116-', 'US', '02116', 'US'],
    ['2116', 'US', '02116', 'US'],
    ['2116', undefined, '02116', 'US'],
    ['2116.0', 'US', '02116', 'US'],
    ['21161234', 'US', '02116', 'US'],
    ['601', 'US', '00601', 'US'],
    ['10008', 'US', '10008', 'US'],
    ['m5v3l9', 'CA', 'M5V 3L9', 'CA'],
    ['M5V-3L9', undefined, 'M5V 3L9', 'CA'],
    ['M5V', 'CA', 'M5V', 'CA'],
    ['K1A OB1', 'CA', 'K1A 0B1', 'CA'],
    ['M5V 3L9', 'US', 'M5V 3L9', 'CA'],
    ['90210', 'ca', '90210', 'US'],
  ])('reads %j (%s) as %s in %s', (raw, country, postcode, expected) => {
    expect(normalisePostcode(raw, country)).toEqual({ postcode, country: expected, reason: 'ok' });
  });

  it.each([undefined, null, '', '  '])('calls %o missing', (raw) => {
    expect(normalisePostcode(raw, 'US')).toEqual({ postcode: null, country: null, reason: 'missing' });
  });

  it.each([
    ['12', 'US'],
    ['123456', 'US'],
    ['1234567890', 'US'],
    ['2116', 'CA'],
    ['D5V 3L9', 'CA'],
    ['M5V 3', 'CA'],
    ['SW1A 1AA', undefined],
    ['Boston', 'US'],
  ])('calls %s (%s) malformed', (raw, country) => {
    expect(normalisePostcode(raw, country)).toEqual({ postcode: null, country: null, reason: 'malformed' });
  });

  it.each([
    ['00000', 'US', '00000', 'US'],
    ['09001', 'US', '09001', 'US'],
    ['96940', 'US', '96940', 'US'],
    ['H0H 0H0', 'CA', 'H0H 0H0', 'CA'],
    ['X9X 1A1', 'CA', 'X9X 1A1', 'CA'],
    ['75001', 'FR', null, null],
  ])('calls %s (%s) unknown', (raw, country, postcode, expected) => {
    expect(normalisePostcode(raw, country)).toEqual({ postcode, country: expected, reason: 'unknown' });
  });
});

describe('locatePostcode', () => {
  it.each([
    ['02116', 'US', 42.35, -71.08, 'America/New_York'],
    ['90210', 'US', 34.1, -118.41, 'America/Los_Angeles'],
    ['00601', 'US', 18.18, -66.75, 'America/Puerto_Rico'],
    ['96913', 'US', 13.48, 144.82, 'Pacific/Guam'],
    ['96813', 'US', 21.31, -157.86, 'Pacific/Honolulu'],
    ['99503', 'US', 61.19, -149.89, 'America/Anchorage'],
    ['99701', 'US', 64.84, -147.72, 'America/Anchorage'],
    ['10008', 'US', 40.71, -74.01, 'America/New_York'],
    ['M5V 3L9', 'CA', 43.64, -79.39, 'America/Toronto'],
    ['M5V', 'CA', 43.64, -79.39, 'America/Toronto'],
    ['V0N 1A0', 'CA', 50, -125, 'America/Vancouver'],
    ['E3C 1A1', 'CA', 45.9, -66.7, 'America/Moncton'],
  ] as const)('finds %s in %s', (postcode, country, latitude, longitude, timeZone) => {
    const place = locatePostcode(postcode, country);
    expect(place?.timeZone).toBe(timeZone);
    expect(place && distanceKm(place, { latitude, longitude })).toBeLessThan(5);
  });

  it.each([
    ['H0H 0H0', 'CA'],
    ['34001', 'US'],
    ['96510', 'US'],
    ['00000', 'US'],
    ['constructor', 'US'],
    ['02116', 'CA'],
  ] as const)('finds no place for %s in %s', (postcode, country) => {
    expect(locatePostcode(postcode, country)).toBeUndefined();
  });
});
