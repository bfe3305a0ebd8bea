/** Network failures of Node, and SQLSTATEs: connection trouble, shutting down, starting up, too many connections. */
const AWAY_CODES =
  /^(E(CONNREFUSED|CONNRESET|PIPE|NOTFOUND|TIMEDOUT|HOSTUNREACH|AI_AGAIN)|08...|57P0.|53...|40001|40P01|25006)$/;
/** Some failures of the driver and its pool have no code. */
const AWAY_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client (has encountered|was closed)|Cannot use a pool|driver has already been destroyed)/;

/** Whether an error means that Postgres cannot be used right now, so that the same request may succeed later. */
export function isStorageAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return AWAY_CODES.test(code) || AWAY_MESSAGES.test(error.message);
}
