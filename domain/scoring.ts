/** What is known of a lead when it is scored. */
export interface LeadFacts {
  hasPhone: boolean;
  hasEmail: boolean;
  hasFirstName: boolean;
  hasLastName: boolean;
  /** Whether the postcode lies within the radius of a location that could serve it. */
  isInServedArea: boolean;
  /** GHL's free-text source, such as "Facebook lead form". */
  source: string | null;
  /** The person's most recent enquiry before this one. */
  previousEnquiryAt: Date | null;
  now: Date;
}

export interface LeadScore {
  /** 0 to 100: the sum of the factors. */
  score: number;
  /** Every factor, those that gave nothing too, so that a score explains itself. */
  factors: { name: LeadFactor; points: number }[];
}

type LeadFactor = 'phone' | 'email' | 'name' | 'served-area' | 'source' | 'earlier-enquiry';

const MS_PER_DAY = 86_400_000;

/** The first pattern that matches counts; the weights are ours, by how ready such people are to talk. */
const SOURCE_POINTS: readonly [RegExp, number][] = [
  [/refer|word of mouth|existing customer/, 15],
  [/inbound call|phone call|walk[ -]?in|chat|calendar|booking/, 14],
  [/\bads?\b|facebook|instagram|tiktok|paid|ppc|campaign/, 7],
  [/form|website|web site|survey|landing|organic|google/, 10],
  [/import|csv|purchased|\blist\b|bulk/, 2],
];
const UNKNOWN_SOURCE_POINTS = 5;

/** Scores how reachable, serveable and interested a lead is. The maxima of the factors add up to 100. */
export function scoreLead(facts: LeadFacts): LeadScore {
  const factors: LeadScore['factors'] = [
    { name: 'phone', points: facts.hasPhone ? 30 : 0 },
    { name: 'email', points: facts.hasEmail ? 15 : 0 },
    { name: 'name', points: (facts.hasFirstName ? 5 : 0) + (facts.hasLastName ? 5 : 0) },
    { name: 'served-area', points: facts.isInServedArea ? 20 : 0 },
    { name: 'source', points: scoreSource(facts.source) },
    { name: 'earlier-enquiry', points: scoreEarlierEnquiry(facts.previousEnquiryAt, facts.now) },
  ];
  return { score: factors.reduce((sum, factor) => sum + factor.points, 0), factors };
}

function scoreSource(source: string | null): number {
  const text = source?.trim().toLowerCase() ?? '';
  if (text === '') return 0;
  return SOURCE_POINTS.find(([pattern]) => pattern.test(text))?.[1] ?? UNKNOWN_SOURCE_POINTS;
}

/** Who asks again soon is in earnest; after half a year it says little. */
function scoreEarlierEnquiry(previousEnquiryAt: Date | null, now: Date): number {
  if (previousEnquiryAt === null) return 0;
  const ageDays = (now.getTime() - previousEnquiryAt.getTime()) / MS_PER_DAY;
  if (ageDays <= 30) return 10;
  return ageDays <= 180 ? 5 : 0;
}
