/** What the note on the contact is made from: codes and distances, nothing of the person. */
export interface AssignmentExplanation {
  step: string;
  reason: string;
  ruleVersion: string;
  distanceKm: number | null;
  locationName: string;
  score: number | null;
}

const REASONS: Record<string, string> = {
  'requested-location': 'this location was asked for',
  unreachable: 'there is neither a usable phone nor an e-mail',
  'intake-location': 'no usable postcode was given, and the lead came in here',
  'nearest-location': 'this is the nearest location',
  'nearest-full': 'the nearest location has no room',
  'nearest-daily-cap': 'the nearest location has reached its daily cap',
  'nearest-no-rep': 'the nearest location has no rep',
  'nearest-no-free-rep': 'nobody is free in the nearest location',
  'nearest-excluded': 'the nearest location could not take it',
  'postcode-missing': 'no postcode was given',
  'postcode-malformed': 'the postcode cannot be read',
  'postcode-unknown': 'the postcode is not known',
  'none-in-radius': 'no location is near enough',
  'none-available': 'no location near it can take a lead now',
  'no-suitable-location': 'no location suits it',
  reassign: 'an operator reassigned it',
  'ghl-reassign': 'it was reassigned in GHL',
};

/** One line that tells the rep why the lead is theirs. */
export function explainAssignment(explanation: AssignmentExplanation): string {
  const { step, reason, ruleVersion, distanceKm, locationName, score } = explanation;
  const distance = distanceKm === null ? '' : `, ${Math.round(distanceKm)} km away`;
  const scored = score === null ? '' : ` Score ${score} of 100.`;
  return `Routed to ${locationName}${distance}: ${REASONS[reason] ?? reason} (${step}, rule ${ruleVersion}).${scored}`;
}
