import type { Simulation } from '../../simulation.ts';
import type { CustomFieldDefinition } from '../../world/account-records.ts';
import { keyName } from './key-name.ts';

type NewField = Pick<CustomFieldDefinition, 'name' | 'dataType' | 'model'> & {
  picklistOptions?: string[] | undefined;
  placeholder?: string | undefined;
  position?: number | undefined;
};

/** Adds a custom field to a location and returns it. */
export function addCustomField(sim: Simulation, locationId: string, given: NewField): CustomFieldDefinition {
  const { name, dataType, model, picklistOptions, placeholder, position } = given;
  const field: CustomFieldDefinition = {
    id: sim.random.id(),
    locationId,
    name,
    fieldKey: keyOf(model, name),
    dataType,
    model,
    placeholder: placeholder ?? '',
    position: position ?? 0,
    ...(picklistOptions ? { picklistOptions } : {}),
  };
  sim.world.customFields.set(field.id, field);
  return field;
}

/** Finds a custom field of a location by its id or its key. */
export function findCustomField(
  sim: Simulation,
  locationId: string,
  idOrKey: string,
): CustomFieldDefinition | undefined {
  const own = sim.world.customFields.listBy('locationId', locationId);
  return own.find(({ id, fieldKey }) => id === idOrKey || fieldKey === idOrKey);
}

/** The key that a field of this name gets. */
export function keyOf(model: CustomFieldDefinition['model'], name: string): string {
  return `${model}.${keyName(name)}`;
}
