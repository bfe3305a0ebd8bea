import type { GhlCalls } from '../../ghl/calls.ts';
import type { Evidence } from './evidence.ts';

/** All that an error would tell a log or Temporal: names, messages, stacks, own fields, and the same of its causes. */
export function describeWhole(error: unknown): string {
  const said: string[] = [];
  for (let at: unknown = error; at !== undefined && at !== null; at = (at as { cause?: unknown }).cause) {
    if (!(at instanceof Error)) {
      said.push(JSON.stringify(at));
      break;
    }
    const { cause: _later, ...fields } = at as Error & { cause?: unknown };
    said.push(at.name, at.message, at.stack ?? '', JSON.stringify(fields));
  }
  return said.join('\n');
}

/** Does the work, and keeps what its error says. */
export async function hearingErrors<T>(evidence: Evidence, place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    evidence.say('failure', place, describeWhole(error));
    throw error;
  }
}

/** The same gateway, whose errors are kept. */
export function hearGateway<T extends GhlCalls>(evidence: Evidence, gateway: T): T {
  if (!evidence.isKept) return gateway;
  return {
    ...gateway,
    call: (name, request) => hearingErrors(evidence, name, () => gateway.call(name, request)),
    requestToken: (fields, of) => hearingErrors(evidence, 'requestToken', () => gateway.requestToken(fields, of)),
  };
}
