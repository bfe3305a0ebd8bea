import type { Simulation } from '../../simulation.ts';
import type { Snapshot } from '../../world/account-records.ts';
import { addCustomField, findCustomField, keyOf } from '../accounts/custom-field-writes.ts';
import { addCustomValue } from '../accounts/custom-values.ts';
import { addTag } from '../accounts/location-tags.ts';

type Assets = Snapshot['assets'];
type AssetType = keyof Assets;
type Bring = (sim: Simulation, assets: Assets, locationId: string, override: boolean) => void;

const nothingToShow: Bring = () => undefined;

/** How each type appears in a location. What is there already under the same name stays, unless it is overridden. */
const bring: Record<AssetType, Bring> = {
  tags(sim, { tags }, locationId) {
    for (const name of tags) addTag(sim, locationId, name);
  },
  custom_fields(sim, { custom_fields }, locationId, override) {
    for (const field of custom_fields) {
      const known = findCustomField(sim, locationId, keyOf(field.model, field.name));
      if (!known) addCustomField(sim, locationId, field);
      else if (override) sim.world.customFields.set(known.id, { ...known, ...field });
    }
  },
  custom_values(sim, { custom_values }, locationId, override) {
    for (const { name, value } of custom_values) {
      const known = sim.world.customValues.listBy('locationId', locationId).find((one) => one.name === name);
      if (!known) addCustomValue(sim, locationId, name, value);
      else if (override) sim.world.customValues.set(known.id, { ...known, value });
    }
  },
  pipelines(sim, { pipelines }, locationId, override) {
    for (const { name, stages } of pipelines) {
      const own = [...sim.world.pipelines.values()].filter((pipeline) => pipeline.locationId === locationId);
      const known = own.find((pipeline) => pipeline.name === name);
      if (known && !override) continue;
      const id = known?.id ?? sim.random.id();
      const made = stages.map((stage, position) => ({ id: sim.random.id(), name: stage, position }));
      sim.world.pipelines.set(id, { id, locationId, name, stages: made });
    }
  },
  workflows(sim, { workflows }, locationId) {
    const known = sim.world.workflows.listBy('locationId', locationId).map(({ name }) => name);
    const now = sim.clock.now().toISOString();
    for (const name of workflows.filter((one) => !known.includes(one))) {
      const id = sim.random.id();
      const dates = { createdAt: now, updatedAt: now };
      sim.world.workflows.set(id, { id, locationId, name, status: 'published', version: 1, ...dates });
    }
  },
  forms: nothingToShow,
  surveys: nothingToShow,
  funnels: nothingToShow,
};

/** Tells whether a word names a type of asset. */
export function isAssetType(type: string): type is AssetType {
  return type in bring;
}

/** Brings the assets of one type into a location. */
export function bringAssets(
  sim: Simulation,
  snapshot: Snapshot,
  locationId: string,
  type: AssetType,
  override: boolean,
): void {
  bring[type](sim, snapshot.assets, locationId, override);
}
