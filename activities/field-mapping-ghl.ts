import { ApplicationFailure, Context } from '@temporalio/activity';
import { audit } from '../db/audit-log.ts';
import { noteFieldDrift, saveFieldMapping } from '../db/field-mappings.ts';
import { findGhlAddress } from '../db/locations.ts';
import { withScope } from '../db/scope.ts';
import { dataTypeFor, type FieldDefinition, judgeMapping, type MappingRequest } from '../domain/field-mapping.ts';
import { mappingRequestSchema } from '../domain/field-mapping-schema.ts';
import type { LocationCall } from '../ghl/calls.ts';
import { createCustomField, listCustomFields } from '../ghl/location-setup.ts';
import type { CustomFieldCreateFields, GhlCustomField } from '../ghl/location-setup-schema.ts';
import type { GhlDeps } from './dependencies.ts';
import { talkingToGhl } from './ghl-step.ts';
import { requireLocation } from './named-location.ts';
import { mapStoreFailures } from './store-failure.ts';

export interface FieldMappingArgs {
  agencyId: string;
  locationId: string;
}

export interface MapFieldArgs extends FieldMappingArgs {
  request: MappingRequest;
  actor: string;
  origin: 'api' | 'cli';
}

export type MapFieldOutcome =
  | 'mapped'
  | 'field-unknown'
  | 'field-ambiguous'
  | 'type-does-not-fit'
  | 'options-unknown'
  | 'cannot-be-created'
  | 'field-mapped-already';

/** The steps of a location's field mappings, which ask GHL what fields it has. */
export function createFieldMappingGhlActivities(deps: Omit<GhlDeps, 'notifier'>) {
  /**
   * Maps a name of ours to a custom field of the location, which is made where that is asked for and there is none.
   * Repeatable: a field that was made is found by its name.
   * @throws ApplicationFailure of GHL; final: FieldMappingMalformed, LocationNotFound, LocationNotConnected
   */
  async function mapField(args: MapFieldArgs): Promise<MapFieldOutcome> {
    const parsed = mappingRequestSchema.safeParse(args.request);
    if (!parsed.success) throw ApplicationFailure.nonRetryable('no mapping is named', 'FieldMappingMalformed');
    const request = parsed.data;
    const call = await callFor(args);
    const found = await talkingToGhl(() => findOrCreate(call, request), 'wait');
    if (typeof found === 'string') return found;
    const { fits, reason } = judgeMapping(request, found);
    if (!fits) return reason === 'ok' ? 'type-does-not-fit' : reason;
    const { agencyId, locationId, actor, origin } = args;
    return withScope(deps.db, { agencyId }, async (tx) => {
      const mapping = { name: request.name, type: request.type, ...found };
      if (!(await saveFieldMapping(tx, { agencyId, locationId }, mapping, deps.now()))) return 'field-mapped-already';
      const after = { name: request.name, type: request.type, ghlFieldId: found.ghlFieldId };
      await audit(tx, { agencyId, actor, origin, action: 'field.map', subject: `location:${locationId}`, after });
      return 'mapped';
    });
  }

  /**
   * Compares what is mapped with the fields the location has, and puts what differs before an operator. Repeatable.
   * @throws ApplicationFailure of GHL; final: LocationNotFound, LocationNotConnected
   */
  async function checkFields(args: FieldMappingArgs): Promise<void> {
    const call = await callFor(args);
    const fields = await talkingToGhl(() => listCustomFields(deps.ghl, call), 'wait');
    await withScope(deps.db, { agencyId: args.agencyId }, (tx) =>
      noteFieldDrift(tx, args, fields.filter(isOfContacts).map(definitionOf), deps.now()),
    );
  }

  async function callFor({ agencyId, locationId }: FieldMappingArgs): Promise<LocationCall> {
    const address = await withScope(deps.db, { agencyId }, async (tx) => {
      await requireLocation(tx, locationId);
      return findGhlAddress(tx, locationId);
    });
    if (!address) throw ApplicationFailure.nonRetryable('the location is not connected to GHL', 'LocationNotConnected');
    const resource = { kind: 'location' as const, ...address };
    // Somebody waits for the answer.
    return { resource, lane: 'interactive', signal: Context.current().cancellationSignal };
  }

  /** A field is named by its id, its key with or without the model before it, or its name. */
  async function findOrCreate(
    call: LocationCall,
    { name, type, field, options, create }: MappingRequest,
  ): Promise<FieldDefinition | 'field-unknown' | 'field-ambiguous' | 'cannot-be-created'> {
    const named = field ?? name;
    const own = (await listCustomFields(deps.ghl, call)).filter(isOfContacts);
    const byId = own.filter(({ id, fieldKey }) => [id, fieldKey].includes(named) || fieldKey === `contact.${named}`);
    const byName = own.filter((each) => each.name?.trim().toLowerCase() === named.trim().toLowerCase());
    const found = byId.length > 0 ? byId : byName;
    if (found.length > 1) return 'field-ambiguous';
    if (found[0]) return definitionOf(found[0]);
    if (!create) return 'field-unknown';
    const dataType = dataTypeFor(type);
    const needsOptions = type === 'option' || type === 'options';
    if (dataType === undefined || (needsOptions && options.length === 0)) return 'cannot-be-created';
    const wanted = {
      name: named,
      dataType: dataType as CustomFieldCreateFields['dataType'],
      model: 'contact' as const,
      ...(needsOptions && { options: [...options] }),
    };
    return definitionOf(await createCustomField(deps.ghl, call, wanted));
  }

  return mapStoreFailures({ mapField, checkFields });
}

export type FieldMappingGhlActivities = ReturnType<typeof createFieldMappingGhlActivities>;

const isOfContacts = ({ model }: GhlCustomField): boolean => model === null || model === 'contact';

const definitionOf = ({ id, dataType, picklistOptions }: GhlCustomField): FieldDefinition => ({
  ghlFieldId: id,
  dataType: dataType ?? '',
  options: picklistOptions,
});
