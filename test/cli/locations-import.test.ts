import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CliHarness, createCliHarness } from './harness.ts';

interface Shown {
  id: string;
  name: string;
  parentId: string | null;
  [field: string]: unknown;
}

let cli: CliHarness;
let agencyId: string;
let key: string;
let run = 0;
beforeAll(async () => {
  cli = await createCliHarness();
});
afterAll(() => cli.close());
beforeEach(async () => {
  ({ agencyId } = await cli.createAgency());
  key = `k${run++}`;
});

const importing = async (content: string | Uint8Array, ...args: string[]) =>
  cli.run(['locations', 'import', await cli.file('locations.csv', content), '--agency', agencyId, ...args]);
const list = () => cli.json<Shown[]>(['locations', 'list', '--agency', agencyId]);
const names = async (): Promise<Record<string, string | undefined>> => {
  const locations = await list();
  const nameOf = (id: string | null) => locations.find((location) => location.id === id)?.name;
  return Object.fromEntries(locations.map((location) => [location.name, nameOf(location.parentId)]));
};
const tree = (): string =>
  [
    'Kind,Name,Parent,GHL location id,Postcode,Radius km,Verticals,Intake',
    `location,Back Bay,${key}-east,${key}-bb,02116,25,"solar, roofing",`,
    `region,East,,${key}-east,,,,yes`,
    `location,"Cambridge, MA",East,${key}-cam,02139,none,solar;hvac,`,
  ].join('\n');

describe('locations import', () => {
  it('adds a tree whose parents come in any order, by name or GHL id', async () => {
    const ran = await importing(tree());
    expect(ran).toMatchObject({ code: 0, error: '' });
    expect(ran.out).toContain('Added 3 and changed 0.');
    expect(await names()).toEqual({ Acme: undefined, East: 'Acme', 'Back Bay': 'East', 'Cambridge, MA': 'East' });
    const backBay = (await list()).find(({ name }) => name === 'Back Bay');
    expect(backBay).toMatchObject({ verticals: ['solar', 'roofing'], radiusKm: 25, timeZone: 'America/New_York' });
  });

  it.each([
    ['a byte order mark and CRLF', (text: string) => Buffer.from(`\uFEFF${text.replaceAll('\n', '\r\n')}\r\n\r\n`)],
    ['UTF-16 with its mark, as spreadsheets save it', (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['semicolons', (text: string) => Buffer.from(text.replace('solar;hvac', 'solar|hvac').replaceAll(',', ';'))],
    [
      'tabs',
      (text: string) =>
        Buffer.from(text.replaceAll('"', '').replaceAll(', ', '~').replaceAll(',', '\t').replaceAll('~', ', ')),
    ],
  ])('reads %s', async (_, encode) => {
    expect(await importing(encode(tree()))).toMatchObject({ code: 0, error: '' });
    expect(await list()).toHaveLength(4);
  });

  it('changes what is known by its GHL id and leaves empty cells as they are', async () => {
    await importing(tree());
    const before = (await list()).find(({ name }) => name === 'Back Bay')!;
    const again = await importing(
      `kind,name,parent,ghl_location_id,radius_km,daily_cap\nlocation,Back Bay South,,${key}-bb,none,7\n`,
    );
    expect(again.out).toContain('Added 0 and changed 1.');
    const after = (await list()).find(({ id }) => id === before.id)!;
    expect(after).toMatchObject({ name: 'Back Bay South', radiusKm: null, dailyCap: 7, postcode: '02116' });
    expect(after.parentId).toBe(before.parentId);
  });

  it('is the same when it is repeated, GHL ids or not', async () => {
    const content = 'kind,name,parent\nlocation,Leaf,North\nregion,North,\nmaster,Acme,\n';
    await importing(content);
    const first = await list();
    expect((await importing(content)).out).toContain('Added 0 and changed 3.');
    expect(await list()).toEqual(first);
    await importing(tree());
    const second = await list();
    await importing(tree());
    expect(await list()).toEqual(second);
  });

  it('reports every bad row with its line and takes none of the file', async () => {
    const ran = await importing(
      [
        'kind,name,parent,ghl_location_id,postcode,max_open_leads',
        'location,Good,,good,02116,5',
        'shop,Bad kind,,,,',
        'location,,,,,',
        'location,Bad postcode,,,99999,',
        'location,Bad parent,Atlantis,,,',
        'location,Bad cap,,,,many',
        'location,Too,many,cells,02116,1,2',
        'location,Other,,good,,',
        '"location","Below a leaf",Good,,,',
      ].join('\n'),
    );
    expect(ran.code).toBe(1);
    expect(ran.error.split('\n').slice(0, -1)).toEqual([
      'Nothing was imported.',
      '  line 3: kind: wanted is master, region or location',
      '  line 4: name: is missing',
      '  line 5: 99999 is not on the map: take a postcode nearby',
      '  line 6: parent: there is no location Atlantis',
      '  line 7: max_open_leads: wanted is a whole number, or none',
      '  line 8: has 7 cells where the header has 6: quote text with commas',
      '  line 9: is the same location as line 2',
      '  line 10: Good is a plain location: only master and regions have others below',
    ]);
    expect(await list()).toHaveLength(1);
  });

  it('refuses regions that hang below one another, also when the circle closes over what is stored', async () => {
    const circle = await importing('kind,name,parent\nregion,A,C\nregion,B,A\nregion,C,B\n');
    expect(circle.code).toBe(1);
    expect(circle.error).toContain('line 2: its parents come round to it again: A → C → B → A');
    await importing('kind,name,parent\nregion,A,\nregion,B,A\n');
    const closing = await importing('kind,name,parent\nregion,A,B\n');
    expect(closing.error).toContain('A → B → A');
    expect(await names()).toEqual({ Acme: undefined, A: 'Acme', B: 'A' });
  });

  it('refuses an ambiguous parent, a second master, and a kind that changes', async () => {
    const ran = await importing(
      `kind,name,parent,ghl_location_id\nregion,Twin,,${key}-1\nregion,Twin,,${key}-2\nlocation,L,twin,\nmaster,M,,\nmaster,N,,\n`,
    );
    expect(ran.error).toContain('line 4: parent: several locations are named twin');
    expect(ran.error).toContain('line 6: is the same location as line 5');
    await importing(tree());
    const changed = await importing(`kind,name,ghl_location_id\nregion,Back Bay,${key}-bb\n`);
    expect(changed.error).toContain('is a location already');
  });

  it('undoes all when one row meets a GHL account of another agency', async () => {
    const other = await cli.createAgency('Other');
    await cli.json([
      'locations',
      'add',
      '--agency',
      other.agencyId,
      '--name',
      'T',
      '--ghl-location-id',
      `${key}-taken`,
    ]);
    const ran = await importing(`kind,name,ghl_location_id\nlocation,Mine,${key}-mine\nlocation,Theirs,${key}-taken\n`);
    expect(ran.code).toBe(1);
    expect(ran.error).toContain('line 3: This GHL location is connected already');
    expect(await list()).toHaveLength(1);
  });

  it('does nothing in a dry run but says what it would do', async () => {
    const ran = await importing(tree(), '--dry-run');
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.out).toContain('Would add 3 and change 0.');
    expect(await list()).toHaveLength(1);
  });

  it.each([
    ['', 'The file is empty'],
    ['name\nA\n', 'The column kind is missing'],
    ['kind,name,colour\n', 'Unknown column colour'],
    ['kind,name,name\n', 'The column name is there twice'],
    ['kind,name\nlocation,"open\n', 'The file is no CSV'],
    [Buffer.from('kind,name\nlocation,Caf\xe9\n', 'latin1'), 'not UTF-8'],
  ])('does not take %j for a locations file', async (content, message) => {
    const ran = await importing(content);
    expect(ran.code).toBe(2);
    expect(ran.error).toContain(message);
  });

  it('reads from standard input, and says when there is no such file', async () => {
    const piped = await cli.run(['locations', 'import', '-', '--agency', agencyId], tree());
    expect(piped.code).toBe(0);
    const missing = await cli.run(['locations', 'import', 'missing.csv', '--agency', agencyId]);
    expect(missing).toMatchObject({ code: 1 });
    expect(missing.error).toContain('ENOENT');
  });
});
