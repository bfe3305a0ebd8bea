import { LeadOverError, LeadPendingError, LeadRefusedError, TemporalUnavailableError } from '../client.ts';

/** A command that cannot be done as asked; the message says why and what to do. */
export class CommandError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'CommandError';
    this.code = code;
  }
}

/** What was typed is not usable; the message lists every problem. */
export class InputError extends Error {
  readonly code = 'input';
  constructor(problems: string[]) {
    super(problems.join('\n'));
    this.name = 'InputError';
  }
}

/** What Postgres refuses by name, and what that means to an operator. */
const BY_CONSTRAINT: Record<string, string> = {
  agencies_ghl_company_id_key: 'This GHL company belongs to an agency already.',
  locations_ghl_location_id_key: 'This GHL location is connected already, perhaps to another agency.',
  locations_one_master: 'The agency has a master location already.',
  reps_location_id_ghl_user_id_key: 'This GHL user is a rep of this location already: use reps set or reps resume.',
  lead_triggers_location_id_name_key: 'The location has a trigger of this name already.',
};

const MIGRATE = 'npm run migrate (in the image: node dist/cli/migrate.js)';

const BY_POSTGRES_CODE: Record<string, string> = {
  ECONNREFUSED: 'Postgres does not answer at DATABASE_URL. Start it, or correct DATABASE_URL.',
  ENOTFOUND: 'The host in DATABASE_URL is not known. Correct DATABASE_URL.',
  '28P01': 'Postgres refuses the login in DATABASE_URL. Correct its user and password.',
  '3D000': `The database in DATABASE_URL does not exist. Create it, then run ${MIGRATE}.`,
  '42P01': `The database is not migrated. Run ${MIGRATE}.`,
  '42703': `The database is older than this program. Run ${MIGRATE}.`,
  '22023': `The roles of this program are missing in Postgres. Run ${MIGRATE}.`,
  '42501': `The login in DATABASE_URL may not do this. Run ${MIGRATE} with DATABASE_URL set: it grants the roles.`,
};

const REFUSALS: Partial<Record<string, string>> = {
  'unknown-rep': 'there is no such rep in this agency',
  'same-rep': 'this rep has the lead already',
  'rep-not-active': 'the rep is suspended or removed (reps resume)',
  'location-not-live': 'the rep’s location is not live (locations go-live)',
  'location-not-installed': 'the rep’s location has no usable GHL token (installs set-token)',
  'rep-full': 'the rep has all the open leads they may have (--force goes over it)',
  'rep-daily-cap': 'the rep has had all of today’s leads (--force goes over it)',
  'location-full': 'the location has all the open leads it may have (--force goes over it)',
  'location-daily-cap': 'the location has had all of today’s leads (--force goes over it)',
  'internal-error': 'a step failed for good; the lead is as it was before (see dead-letters list)',
  'lead-stuck': 'its workflow has failed; mend the cause (see dead-letters list), then leads redrive',
  'not-placed': 'GHL does not take it; the lead stays where it is (see dead-letters list)',
};

/** What went wrong as a code and a sentence for the operator: no stack, no values of the database. */
export function explainFailure(error: unknown): { code: string; message: string } {
  if (error instanceof TemporalUnavailableError) {
    const advice = 'Start it, or correct TEMPORAL_ADDRESS. What was asked may have been done: look first.';
    return { code: error.code, message: `Temporal does not answer. ${advice}` };
  }
  if (error instanceof LeadRefusedError) {
    return { code: error.code, message: `Refused: ${REFUSALS[error.code] ?? error.code}.` };
  }
  if (error instanceof LeadPendingError) {
    const advice = 'It goes on by itself when GHL answers again; leads show tells how the lead stands.';
    return { code: error.code, message: `The lead’s workflow has taken this up and still waits. ${advice}` };
  }
  if (error instanceof LeadOverError)
    return {
      code: error.code,
      message:
        'No workflow runs for the lead: it is over, has not been started yet, or is stuck (see leads show and dead-letters list; leads redrive sets a stuck one going).',
    };
  if (!(error instanceof Error)) return { code: 'unknown', message: 'An unknown error.' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  const constraint = 'constraint' in error && typeof error.constraint === 'string' ? error.constraint : '';
  return { code, message: BY_CONSTRAINT[constraint] ?? BY_POSTGRES_CODE[code] ?? error.message };
}
