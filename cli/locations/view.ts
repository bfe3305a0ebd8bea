import type { Location } from '../../db/schema.ts';

/** A location as commands answer it and the audit log keeps it. */
export const viewLocation = (location: Location) => ({
  id: location.id,
  parentId: location.parent_id,
  kind: location.kind,
  name: location.name,
  ghlLocationId: location.ghl_location_id,
  intake: location.is_intake,
  liveAt: location.live_at,
  installedAt: location.installed_at,
  postcode: location.postcode,
  country: location.country,
  timeZone: location.time_zone,
  verticals: location.verticals,
  radiusKm: location.radius_km,
  maxOpenLeads: location.max_open_leads,
  dailyCap: location.daily_cap,
  pipelineId: location.pipeline_id,
  pipelineStageId: location.pipeline_stage_id,
  leadMaxAgeHours: location.lead_max_age_seconds / 3_600,
});
