import { listUnsettledEdits } from '../../db/contact-edits.ts';
import { writeObservations } from '../../db/mirror.ts';
import { withScope } from '../../db/scope.ts';
import { canonicalFields } from '../../domain/mirror.ts';
import type { TestAgency } from './agency.ts';
import type { ApiWorld } from './api-world.ts';

let people = 0;

export const auth = (key: string) => ({ authorization: `Bearer ${key}` });

/** A person nobody has met before in this test file. */
export const somebody = () => {
  people += 1;
  return { firstName: 'Ada', lastName: `No${people}`, email: `ada-${people}@x.test` };
};

/** Contacts of an agency's branch, here and by the API. */
export function createContactHarness(world: ApiWorld) {
  const owner = world.agency.keys.agency;
  return {
    owner,
    get: (id: string, key = owner) => world.http.get(`/v1/contacts/${id}`).set(auth(key)),
    patch: (id: string, body: object, key = owner) => world.http.patch(`/v1/contacts/${id}`).set(auth(key)).send(body),
    post: (body: object, idempotencyKey: string, key = world.agency.keys.branch) =>
      world.http.post('/v1/contacts').set(auth(key)).set('idempotency-key', idempotencyKey).send(body),
    /** A contact of the branch that the mirror knows. */
    async mirrored(fields: Record<string, unknown>, of: TestAgency = world.agency): Promise<string> {
      const place = { agencyId: of.agencyId, locationId: of.branch.id, resource: 'contact' as const };
      people += 1;
      const ghlId = `ghl-contact-${people}`;
      const seen = { ghlId, ghlContactId: ghlId, ghlCreatedAt: new Date(), ghlUpdatedAt: new Date(), isExact: true };
      await withScope(world.db, { agencyId: of.agencyId }, (tx) =>
        writeObservations(tx, place, [{ ...seen, fields: canonicalFields(fields), observedAt: new Date() }], 'event'),
      );
      const found = world.ownerDb.selectFrom('contacts').select('id').where('ghl_id', '=', ghlId);
      return (await found.where('agency_id', '=', of.agencyId).executeTakeFirstOrThrow()).id;
    },
    edits: (id: string) =>
      withScope(world.db, { agencyId: world.agency.agencyId }, (tx) => listUnsettledEdits(tx, [id])),
  };
}

export type ContactHarness = ReturnType<typeof createContactHarness>;
