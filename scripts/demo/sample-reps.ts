import type { RepPlan } from './agency-plan.ts';

type Rep = readonly [name: string, more?: Omit<RepPlan, 'key' | 'firstName' | 'lastName'>];

/**
 * Who works where in the sample agency. Where the sample states exact shares, those who cannot take leads (suspended,
 * without weight, no leads a day) stand beside those who can.
 */
const STAFF = {
  master: [['Nora Quist', { maxOpenLeads: 9 }]],
  west: [['Omar Reyes'], ['Pia Sato']],
  central: [['Quentin Abbey', { weight: 2 }]],
  east: [['Rosa Lind', { maxOpenLeads: 2 }]],

  seattle: [['Ada Park', { weight: 2 }], ['Bo Lindgren'], ['Cleo Marsh', { status: 'suspended' }]],
  tacoma: [['Dan Okafor'], ['Eve Tran']],
  vancouver: [['Finn Roy'], ['Gita Rao'], ['Hal Chen', { status: 'suspended' }]],
  'san-francisco': [['Ines Vega'], ['Jo Fields'], ['Kai Mori'], ['Lena Voss', { status: 'suspended' }]],
  oakland: [['Max Hale'], ['Nia Cole', { weight: 2 }], ['Oli Burns', { maxOpenLeads: 25 }]],
  'los-angeles': [
    ['Paz Ortega', { weight: 3, maxOpenLeads: 40 }],
    ['Ray Boone', { dailyCap: 30 }],
    ['Sam Diaz', { weight: 0 }],
    ['Tia Lowe', { status: 'suspended' }],
  ],
  'san-diego': [
    ['Uma Nash', { maxOpenLeads: 1 }],
    ['Vic Ames', { status: 'suspended' }],
    ['Wes Dunn', { status: 'suspended' }],
  ],
  phoenix: [['Xena Ford', { weight: 2 }], ['Yara Bell'], ['Zed Quinn', { dailyCap: 25 }], ['Amy Stone', { weight: 3 }]],

  denver: [
    ['Ben Ruiz', { weight: 2, dailyCap: 40 }],
    ['Cara Webb', { maxOpenLeads: 30 }],
    ['Dirk Frost', { status: 'suspended' }],
  ],
  boulder: [['Elsa Grant'], ['Fred Oaks']],
  dallas: [['Gwen Tate'], ['Hugo Banks', { dailyCap: 20 }], ['Iris Flint'], ['Jack Moss', { status: 'suspended' }]],
  'fort-worth': [['Kara Dale'], ['Liam West']],
  austin: [['Mia Rhodes'], ['Ned Archer'], ['Opal Finch', { weight: 0 }]],
  'round-rock': [],
  chicago: [
    ['Pete Novak', { weight: 2 }],
    ['Queenie Hart', { weight: 2 }],
    ['Ross Kane'],
    ['Suki Bond', { dailyCap: 0 }],
  ],
  evanston: [
    ['Theo Marks', { maxOpenLeads: 2 }],
    ['Ula Birch', { status: 'suspended' }],
  ],
  minneapolis: [['Vera Holm'], ['Walt Berg'], ['Xavi Lund', { maxOpenLeads: 0 }]],
  'saint-louis': [['Yves Carr', { weight: 2 }], ['Zoe Pratt']],

  'new-york': [
    ['Abel Stein', { weight: 3 }],
    ['Beth Levy', { weight: 2 }],
    ['Carl Russo'],
    ['Dora Weiss', { weight: 0 }],
    ['Ezra Katz', { status: 'suspended' }],
  ],
  newark: [['Fay Moreno'], ['Gus Silva']],
  boston: [['Hope Doyle'], ['Ian Walsh'], ['June Foley', { status: 'suspended' }]],
  philadelphia: [['Kent Rowe', { weight: 2 }], ['Lila Shaw'], ['Milo Gray'], ['Nell Hoyt', { maxOpenLeads: 30 }]],
  atlanta: [['Otis King'], ['Pearl James', { weight: 2 }], ['Quincy Bay'], ['Ruth Combs', { weight: 0 }]],
  miami: [['Saul Cruz', { weight: 2 }], ['Tess Leon'], ['Ugo Vidal'], ['Vita Solis', { status: 'suspended' }]],
  toronto: [
    ['Wade Singh', { weight: 2 }],
    ['Xia Wong'],
    ['Yuri Bell', { weight: 0 }],
    ['Zara Khan', { status: 'suspended' }],
  ],
} as const satisfies Record<string, readonly Rep[]>;

type StaffedKey = keyof typeof STAFF;

/** The reps of one place; their keys are `<place>-<first name>`. */
export function listSampleReps(place: StaffedKey): RepPlan[] {
  const staff: readonly Rep[] = STAFF[place];
  return staff.map(([name, more]) => {
    const [firstName = '', lastName = ''] = name.split(' ');
    return { key: `${place}-${firstName.toLowerCase()}`, firstName, lastName, ...more };
  });
}
