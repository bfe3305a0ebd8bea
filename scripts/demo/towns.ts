/** A real town, with postcodes that lie in it and its telephone area code. */
export interface Town {
  areaCode: string;
  postcodes: readonly [string, ...string[]];
}

/** Where the sample's locations and people are. */
export const TOWNS = {
  seattle: { areaCode: '206', postcodes: ['98101', '98103', '98105', '98109', '98115', '98122'] },
  tacoma: { areaCode: '253', postcodes: ['98402', '98405', '98407', '98444'] },
  vancouver: { areaCode: '604', postcodes: ['V6B 1A1', 'V5K 0A1', 'V6E 1B1', 'V5T 1A1', 'V6H 1A1'] },
  'san-francisco': { areaCode: '415', postcodes: ['94103', '94102', '94107', '94110', '94117', '94131'] },
  oakland: { areaCode: '510', postcodes: ['94612', '94601', '94606', '94607', '94610'] },
  'los-angeles': { areaCode: '213', postcodes: ['90012', '90015', '90026', '90036', '90041', '90057'] },
  'san-diego': { areaCode: '619', postcodes: ['92101', '92103', '92104', '92110'] },
  phoenix: { areaCode: '602', postcodes: ['85004', '85003', '85006', '85013', '85016', '85018'] },
  boise: { areaCode: '208', postcodes: ['83702', '83704'] },
  anchorage: { areaCode: '907', postcodes: ['99501', '99508'] },
  honolulu: { areaCode: '808', postcodes: ['96813'] },
  'el-paso': { areaCode: '915', postcodes: ['79901', '79902'] },
  denver: { areaCode: '303', postcodes: ['80202', '80203', '80205', '80211', '80218', '80220'] },
  boulder: { areaCode: '720', postcodes: ['80302', '80301', '80304', '80305'] },
  dallas: { areaCode: '214', postcodes: ['75201', '75204', '75206', '75214', '75219'] },
  'fort-worth': { areaCode: '817', postcodes: ['76102', '76104', '76107', '76110'] },
  austin: { areaCode: '512', postcodes: ['78701', '78702', '78704', '78745', '78751'] },
  'round-rock': { areaCode: '737', postcodes: ['78664', '78681'] },
  chicago: { areaCode: '312', postcodes: ['60601', '60605', '60607', '60614', '60622', '60647'] },
  evanston: { areaCode: '847', postcodes: ['60201', '60202'] },
  minneapolis: { areaCode: '612', postcodes: ['55401', '55403', '55404', '55408', '55414'] },
  'saint-louis': { areaCode: '314', postcodes: ['63101', '63103', '63104', '63110', '63118'] },
  billings: { areaCode: '406', postcodes: ['59102', '59101'] },
  winnipeg: { areaCode: '204', postcodes: ['R3C 0A1', 'R3B 1A1'] },
  omaha: { areaCode: '402', postcodes: ['68102', '68105'] },
  'new-york': { areaCode: '212', postcodes: ['10001', '10003', '10011', '10019', '10025', '10128'] },
  newark: { areaCode: '973', postcodes: ['07102', '07103', '07104', '07105'] },
  boston: { areaCode: '617', postcodes: ['02116', '02108', '02111', '02114', '02118', '02215'] },
  philadelphia: { areaCode: '215', postcodes: ['19103', '19102', '19106', '19123', '19130', '19147'] },
  atlanta: { areaCode: '404', postcodes: ['30303', '30306', '30308', '30312', '30318'] },
  miami: { areaCode: '305', postcodes: ['33130', '33125', '33127', '33137', '33145'] },
  toronto: { areaCode: '416', postcodes: ['M5V 2T6', 'M4W 1A8', 'M5A 1A1', 'M6K 3P6', 'M4Y 1A1'] },
  halifax: { areaCode: '902', postcodes: ['B3H 1A1', 'B3J 1A1'] },
  bangor: { areaCode: '207', postcodes: ['04401'] },
  'key-west': { areaCode: '305', postcodes: ['33040'] },
} as const satisfies Record<string, Town>;

export type TownKey = keyof typeof TOWNS;
