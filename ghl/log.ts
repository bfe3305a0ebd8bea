/** The part of pino that ghl/ uses. Fields hold ids and codes, never a token or anything of a person. */
export interface GhlLog {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

export const silentLog: GhlLog = { info: () => undefined, warn: () => undefined, error: () => undefined };
