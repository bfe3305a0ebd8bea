/** Network failures of Node, and SQLSTATEs: connection trouble, shutting down, starting up, too many connections, too slow. */
const AWAY_CODES =
  /^(E(CONNREFUSED|CONNRESET|PIPE|NOTFOUND|TIMEDOUT|HOSTUNREACH|AI_AGAIN)|08...|57P0.|57014|53...|40001|40P01|25006|StorageBusy)$/;
/** Some failures of the driver and its pool have no code. */
const AWAY_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client (has encountered|was closed)|Cannot use a pool|driver has already been destroyed)/;

/** What was to be stored has waited too long for its turn. */
export class StorageBusyError extends Error {
  readonly code = 'StorageBusy';
  constructor() {
    super('what came before is not stored yet');
    this.name = 'StorageBusyError';
  }
}

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : '');

/** Whether an error means that Postgres cannot be used right now, so that the same request may succeed later. */
export function isStorageAway(error: unknown): boolean {
  return error instanceof Error && (AWAY_CODES.test(codeOf(error)) || AWAY_MESSAGES.test(error.message));
}

/** Whether a transaction was given up for the sake of another: it may succeed at once. */
export const isTransactionConflict = (error: unknown): boolean =>
  error instanceof Error && /^(40001|40P01)$/.test(codeOf(error));
