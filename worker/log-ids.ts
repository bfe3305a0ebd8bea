import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';

type Ids = Partial<Record<'agencyId' | 'locationId' | 'eventId', string>>;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Has each log line of an activity say whose it is and of which event, by the ids in what the activity was given. What is no id
 * of ours is left out: whoever can send a signal could put anything there.
 */
export function tellIds(_context: Context): ActivityInterceptors {
  let ids: Ids = {};
  return {
    inbound: {
      execute(input, next) {
        ids = readIds(input.args[0]);
        return next(input);
      },
    },
    outbound: {
      getLogAttributes: (input, next) => next({ ...input, ...ids }),
    },
  };
}

/** @param given the one object that an activity takes; an event stands in it or below `event` */
function readIds(given: unknown): Ids {
  const told = (given ?? {}) as Record<string, unknown>;
  const event = (told['event'] ?? told) as Record<string, unknown>;
  const ids = { agencyId: told['agencyId'], locationId: told['locationId'], eventId: event['eventRowId'] };
  return Object.fromEntries(Object.entries(ids).filter(([, id]) => typeof id === 'string' && UUID.test(id)));
}
