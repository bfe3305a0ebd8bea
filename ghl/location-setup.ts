import type { GhlCalls, LocationCall } from './calls.ts';
import type {
  CustomFieldCreateFields,
  CustomFieldUpdateFields,
  CustomValueFields,
  GhlCustomField,
  GhlCustomValue,
  GhlLocationTag,
} from './location-setup-schema.ts';

const pathOf = (context: LocationCall) => ({ ghlLocationId: context.resource.ghlLocationId });

/** The custom fields of contacts and opportunities, all of them; asked without a model GHL tells those of contacts. */
export async function listCustomFields(ghl: GhlCalls, context: LocationCall): Promise<GhlCustomField[]> {
  const answer = await ghl.call('listCustomFields', { ...context, path: pathOf(context), query: { model: 'all' } });
  return answer.customFields;
}

/** Not repeatable: after an ambiguous failure look for the name in `listCustomFields` first. */
export async function createCustomField(
  ghl: GhlCalls,
  context: LocationCall,
  fields: CustomFieldCreateFields,
): Promise<GhlCustomField> {
  const answer = await ghl.call('createCustomField', { ...context, path: pathOf(context), body: { ...fields } });
  return answer.customField;
}

/** Renames a field or sets its choices, all of them at once; its key and its type stay. */
export async function updateCustomField(
  ghl: GhlCalls,
  context: LocationCall,
  customFieldId: string,
  fields: CustomFieldUpdateFields,
): Promise<GhlCustomField> {
  const path = { ...pathOf(context), customFieldId };
  const answer = await ghl.call('updateCustomField', { ...context, path, body: { ...fields } });
  return answer.customField;
}

export async function listCustomValues(ghl: GhlCalls, context: LocationCall): Promise<GhlCustomValue[]> {
  const answer = await ghl.call('listCustomValues', { ...context, path: pathOf(context) });
  return answer.customValues;
}

/**
 * Creates one custom value; there is no call for several. GHL takes a name twice, so look in `listCustomValues` first:
 * a snapshot may have brought it, and an ambiguous failure may have made it.
 */
export async function createCustomValue(
  ghl: GhlCalls,
  context: LocationCall,
  fields: CustomValueFields,
): Promise<GhlCustomValue> {
  const answer = await ghl.call('createCustomValue', { ...context, path: pathOf(context), body: fields });
  return answer.customValue;
}

/** Sets name and value; repeating it changes nothing. */
export async function updateCustomValue(
  ghl: GhlCalls,
  context: LocationCall,
  customValueId: string,
  fields: CustomValueFields,
): Promise<GhlCustomValue> {
  const path = { ...pathOf(context), customValueId };
  const answer = await ghl.call('updateCustomValue', { ...context, path, body: fields });
  return answer.customValue;
}

/** The tags that can be given in the location. GHL keeps tags in lower case. */
export async function listLocationTags(ghl: GhlCalls, context: LocationCall): Promise<GhlLocationTag[]> {
  const answer = await ghl.call('listLocationTags', { ...context, path: pathOf(context) });
  return answer.tags;
}

/** Refused where the tag exists, by another case of letters too; a contact can be given a tag that was never made. */
export async function createLocationTag(ghl: GhlCalls, context: LocationCall, name: string): Promise<GhlLocationTag> {
  const answer = await ghl.call('createLocationTag', { ...context, path: pathOf(context), body: { name } });
  return answer.tag;
}
