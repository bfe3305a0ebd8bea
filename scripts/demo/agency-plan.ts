/** A rep of a planned location. */
export interface RepPlan {
  key: string;
  firstName: string;
  lastName: string;
  weight?: number;
  maxOpenLeads?: number;
  dailyCap?: number;
  status?: 'active' | 'suspended';
}

/** A location of a planned agency; keys are the plan's own names for things. */
export interface LocationPlan {
  key: string;
  kind: 'master' | 'region' | 'location';
  parentKey: string | null;
  name: string;
  postcode: string | null;
  verticals?: string[];
  radiusKm?: number;
  maxOpenLeads?: number;
  dailyCap?: number;
  isIntake?: boolean;
  /** Live unless said otherwise. */
  live?: boolean;
  /** Installed unless said otherwise. */
  installed?: boolean;
  /** Whether the location has a pipeline in GHL, in which leads become opportunities. */
  pipeline?: boolean;
  leadMaxAgeSeconds?: number;
  reps: RepPlan[];
}

export interface AgencyPlan {
  /** Makes GHL ids of several agencies differ. */
  key: string;
  name: string;
  locations: LocationPlan[];
}

/** What GHL calls the things of a plan: derived, so that the plan, the simulator and the database agree. */
export const ghlIds = {
  company: (agency: string): string => `${agency}-company`,
  location: (agency: string, location: string): string => `${agency}-loc-${location}`,
  user: (agency: string, rep: string): string => `${agency}-user-${rep}`,
  pipeline: (agency: string, location: string): string => `${agency}-pipe-${location}`,
  stage: (agency: string, location: string): string => `${agency}-stage-${location}`,
};
