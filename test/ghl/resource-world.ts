import type { CompanyCall, LocationCall } from '../../ghl/calls.ts';
import type { GhlGateway } from '../../ghl/gateway.ts';
import type { Page } from '../../ghl/page.ts';
import { walkPages } from '../../ghl/page.ts';
import type { GhlLocationResource } from '../../ghl/resource.ts';
import { company, interactive, location, openGhlWorld } from './ghl-world.ts';
import type { GhlWorld } from './ghl-world.ts';

export const here = interactive;
/** The agency itself. */
export const agency: CompanyCall = { resource: company, lane: 'interactive' };
const neighbourResource: GhlLocationResource = { ...location, locationId: 'location-2', ghlLocationId: 'loc2' };
/** The other location of the agency, with a token of its own. */
export const neighbour: LocationCall = { resource: neighbourResource, lane: 'interactive' };

export interface ResourceWorld extends GhlWorld {
  ghl: GhlGateway;
  /** From now on calls about the other location bear the token of the first. */
  mixUpTokens(): void;
}

/** A world in which the agency and both locations have tokens that work. */
export async function openResourceWorld(): Promise<ResourceWorld> {
  const world = await openGhlWorld();
  await world.giveLocationTokens('valid');
  const { control, tokens } = world;
  await control.seed({
    tokens: [
      { token: 'access-2', class: 'Location', companyId: 'company1', locationId: 'loc2' },
      { token: 'access-agency', class: 'Company', companyId: 'company1' },
    ],
  });
  tokens.put(neighbourResource, { accessToken: 'access-2' });
  tokens.put(company, { accessToken: 'access-agency' });
  return {
    ...world,
    ghl: world.openGateway(),
    mixUpTokens: () => tokens.put(neighbourResource, { accessToken: 'access-1' }),
  };
}

/** Everything of a list, and how many pages it took. */
export async function readAll<Item, Cursor>(
  readPage: (after: Cursor | undefined) => Promise<Page<Item, Cursor>>,
): Promise<{ items: Item[]; pages: number }> {
  const items: Item[] = [];
  let pages = 0;
  for await (const page of walkPages(readPage)) {
    items.push(...page);
    pages += 1;
  }
  return { items, pages };
}

/** So many records, each made of its index. */
export const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_unused, index) => make(index));
