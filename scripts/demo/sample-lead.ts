import { TOWNS, type TownKey } from './towns.ts';

/** What a sample lead shows; the table at the end has one row for each. */
export const KINDS = {
  ordinary: 'ordinary, nearest location',
  'next-nearest': 'nearest has no capacity: next nearest',
  'region-no-room': 'nobody in reach has room: region',
  'region-out-of-reach': 'no location in reach: region',
  'master-desk': 'region full: head office',
  'master-queue': 'nobody at all: queue of the master',
  'bad-postcode': 'postcode missing or unreadable',
  'unknown-postcode': 'postcode that does not exist',
  'wrong-vertical': 'nearest does other work',
  'not-live': 'nearest is not live yet',
  'not-installed': 'nearest is not connected to GHL',
  'unknown-location': 'webhook of an unknown location',
  'two-sources': 'one person from two sources at once',
  'office-phone': 'two strangers, one office phone',
  signal: 'reassigned by a Temporal signal',
  refused: 'reassignment refused by the API',
  workflow: 'by a GHL workflow webhook',
  api: 'by POST /v1/leads',
  unreachable: 'neither phone nor e-mail',
} as const;

export type SampleKind = keyof typeof KINDS;

/** The account in GHL, or the key of ours, by which a lead comes in; names are keys of the plan. */
export type Door =
  | { by: 'webhook'; account: 'master' | 'west' | 'central' | 'east' }
  /** An account in GHL that no agency of ours knows. */
  | { by: 'stranger'; company: 'same' | 'other' }
  | { by: 'workflow'; account: string }
  | { by: 'api'; requestedLocation?: string };

export interface SamplePerson {
  firstName: string;
  lastName: string;
  email?: string;
  phone?: string;
}

/** Where a lead has to end, in keys of the plan; said by hand, or by the town a table puts it in. */
export type Expected =
  | { end: 'assigned'; location: string; rep?: string; reason: string }
  | { end: 'queued'; location: string; reason: string }
  /** One of the two leads of a person is assigned there, the other has joined it: which, is a matter of chance. */
  | { end: 'one-of-two'; twin: string; location: string; reason: string }
  | { end: 'no-lead' };

/** What is done to a lead once it is assigned. */
export type Act =
  /** By a raw, unencrypted signal, as an operator sends it. */
  | { act: 'signal'; rep: string }
  /** By the API, which must refuse with this code. */
  | { act: 'refused-reassign'; rep: string; code: string };

export interface SampleLead {
  key: string;
  kind: SampleKind;
  /** Leads of a wave are sent once those of the wave before have ended: they find the capacity that was left. */
  wave: 1 | 2 | 3;
  door: Door;
  person: SamplePerson;
  town: TownKey | null;
  postcode?: string;
  vertical?: string;
  expected: Expected;
  then?: Act;
}

const FIRST_NAMES =
  'Alba Bruno Carmen Diego Elena Felix Greta Hugo Irene Jonas Katya Luca Maya Nico Olga Pablo Rita Simon Tara Yusuf';
const LAST_NAMES = 'Adler Bishop Castro Drake Ellis Frank Garner Hughes Ibarra Jensen Keller';

type SampleDraft = Partial<SampleLead> & Pick<SampleLead, 'kind' | 'expected'>;

/** Collects leads and gives each a key and, unless told otherwise, a person of its own and a postcode of its town. */
export interface SampleBook {
  leads: SampleLead[];
  /** A person nobody else is: e-mails on a reserved domain, numbers that are kept free for fiction. */
  makePerson(town: TownKey): Required<SamplePerson>;
  add(town: TownKey | null, draft: SampleDraft): SampleLead;
}

export function createSampleBook(): SampleBook {
  const leads: SampleLead[] = [];
  const phonesOfArea = new Map<string, number>();
  const postcodesOfTown = new Map<string, number>();
  let people = 0;

  const countUp = (counts: Map<string, number>, key: string): number => {
    const count = counts.get(key) ?? 0;
    counts.set(key, count + 1);
    return count;
  };
  const pick = (names: string, index: number): string => {
    const list = names.split(' ');
    return list[index % list.length]!;
  };

  const makePerson = (town: TownKey): Required<SamplePerson> => {
    const { areaCode } = TOWNS[town];
    const firstName = pick(FIRST_NAMES, people);
    const lastName = pick(LAST_NAMES, Math.floor(people / 20));
    people += 1;
    const line = String(100 + countUp(phonesOfArea, areaCode)).padStart(4, '0');
    const email = `${firstName}.${lastName}@mail.example`.toLowerCase();
    return { firstName, lastName, email, phone: `+1${areaCode}555${line}` };
  };

  return {
    leads,
    makePerson,
    add(town, draft) {
      const postcodes = town === null ? [] : TOWNS[town].postcodes;
      const postcode = postcodes[town === null ? 0 : countUp(postcodesOfTown, town) % postcodes.length];
      const lead: SampleLead = {
        key: `lead-${String(leads.length + 1).padStart(3, '0')}`,
        wave: 1,
        door: { by: 'webhook', account: 'master' },
        person: draft.person ?? makePerson(town ?? 'chicago'),
        town,
        ...(postcode === undefined ? {} : { postcode }),
        ...draft,
      };
      leads.push(lead);
      return lead;
    },
  };
}
