import type { Location } from '../../world/records.ts';

/** A location as the API shows it; what only the simulator knows stays out. */
export function viewLocation(location: Location): Record<string, unknown> {
  const { rateLimit: _limit, active: _active, settings, social, ...rest } = location;
  const { dedupe: _dedupe, ...shown } = settings;
  const { name, timezone, country, address, city, state, postalCode, website } = location;
  return {
    ...rest,
    settings: shown,
    business: { name, address, city, state, country, postalCode, website, timezone },
    social,
  };
}
