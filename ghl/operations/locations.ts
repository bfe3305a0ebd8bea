import { z } from 'zod';
import * as location from '../location-schema.ts';
import * as setup from '../location-setup-schema.ts';
import { create, inGroup, read, timeoutsMs, update } from './endpoint-groups.ts';

const locations = inGroup('locations');
const provisioning = { ...inGroup('provisioning'), timeoutMs: timeoutsMs.provision } as const;
const customField = z.object({ customField: setup.customFieldSchema });
const customValue = z.object({ customValue: setup.customValueSchema });

/** Locations, and what is set up in them. */
export const locationOperations = {
  getLocation: {
    ...locations,
    ...read,
    path: '/locations/:ghlLocationId',
    response: z.object({ location: location.locationSchema }),
  },
  searchLocations: {
    ...locations,
    ...read,
    path: '/locations/search',
    response: z.object({ locations: z.array(location.locationSchema) }),
  },
  createLocation: {
    ...create,
    ...provisioning,
    path: '/locations/',
    body: location.locationCreateBodySchema,
    // At the top of the answer, unlike where a location is read.
    response: location.locationSchema,
  },
  updateLocation: {
    ...update,
    ...provisioning,
    path: '/locations/:ghlLocationId',
    body: location.locationUpdateBodySchema,
    response: location.locationSchema,
  },
  listCustomFields: {
    ...locations,
    ...read,
    path: '/locations/:ghlLocationId/customFields',
    response: z.object({ customFields: z.array(setup.customFieldSchema) }),
  },
  createCustomField: {
    ...locations,
    ...create,
    path: '/locations/:ghlLocationId/customFields',
    body: setup.customFieldCreateBodySchema,
    response: customField,
  },
  updateCustomField: {
    ...locations,
    ...update,
    path: '/locations/:ghlLocationId/customFields/:customFieldId',
    body: setup.customFieldUpdateBodySchema,
    response: customField,
  },
  listCustomValues: {
    ...locations,
    ...read,
    path: '/locations/:ghlLocationId/customValues',
    response: z.object({ customValues: z.array(setup.customValueSchema) }),
  },
  createCustomValue: {
    ...locations,
    ...create,
    path: '/locations/:ghlLocationId/customValues',
    body: setup.customValueBodySchema,
    response: customValue,
  },
  updateCustomValue: {
    ...locations,
    ...update,
    path: '/locations/:ghlLocationId/customValues/:customValueId',
    body: setup.customValueBodySchema,
    response: customValue,
  },
  listLocationTags: {
    ...locations,
    ...read,
    path: '/locations/:ghlLocationId/tags',
    response: z.object({ tags: z.array(setup.locationTagSchema) }),
  },
  createLocationTag: {
    ...locations,
    ...create,
    path: '/locations/:ghlLocationId/tags',
    body: z.object({ name: z.string().min(1) }),
    response: z.object({ tag: setup.locationTagSchema }),
  },
} as const;
