/** What people type is longer than what fits a line; GHL sets no limit. */
const LONGEST = 200;

/** What a location is called that an operator has not named: as GHL calls it, or by its id while GHL has not told. */
export function nameFromGhl(ghlLocationId: string, name: string | null): string {
  const oneLine =
    name
      ?.replace(/\p{Cc}+/gu, ' ')
      .trim()
      .slice(0, LONGEST) ?? '';
  return oneLine === '' ? `GHL location ${ghlLocationId}` : oneLine;
}
