import { canonicalFields, type Observation } from '../domain/mirror.ts';
import type { GhlCustomField } from '../ghl/location-setup-schema.ts';
import type { GhlPipeline } from '../ghl/opportunity-schema.ts';
import type { GhlUser } from '../ghl/user-schema.ts';

/* What a location is set up with, as the mirror keeps it. GHL tells no times of these. */

const observe = ({ id, ...fields }: { id: string } & object, observedAt: Date): Observation => ({
  ghlId: id,
  ghlContactId: null,
  fields: canonicalFields(fields),
  ghlCreatedAt: null,
  ghlUpdatedAt: null,
  observedAt,
  isExact: true,
});

/** A user; of which other locations he is a user as well is those locations' business. */
export function observeUser({ roles, ...user }: GhlUser, observedAt: Date): Observation {
  const { type, role } = roles;
  return observe({ ...user, ...{ roles: { type, role } } }, observedAt);
}

export const observeCustomField = (field: GhlCustomField, observedAt: Date): Observation => observe(field, observedAt);

export const observePipeline = (pipeline: GhlPipeline, observedAt: Date): Observation => observe(pipeline, observedAt);
