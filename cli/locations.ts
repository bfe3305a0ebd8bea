import type { Command } from 'commander';
import { addLocationsAdd } from './locations/add.ts';
import { addLocationsGoLive } from './locations/go-live.ts';
import { addLocationsImport } from './locations/import.ts';
import { addLocationsList } from './locations/list.ts';
import { addLocationsSet } from './locations/set.ts';
import { addLocationsMuteSilence, addLocationsSilent } from './locations/silence.ts';
import type { Session } from './session.ts';

export function addLocationCommands(program: Command, session: Session): void {
  const locations = program.command('locations').description('the tree of master, regions and locations');
  addLocationsAdd(locations, session);
  addLocationsImport(locations, session);
  addLocationsList(locations, session);
  addLocationsSet(locations, session);
  addLocationsGoLive(locations, session);
  addLocationsSilent(locations, session);
  addLocationsMuteSilence(locations, session);
}
