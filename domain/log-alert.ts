/**
 * What a log line can raise by its field `alert`, and the rule of Prometheus that tells of the same by figures of its own.
 * Where there is none, the rule LogAlerts tells of the line. A test holds the names against those that the code writes.
 */
export const LOG_ALERTS = {
  'step-unforeseen': null,
  'dead-letter-lost': null,
  'encryption-keys': null,
  'many-workflows-stuck': null,
  'many-leads-stuck': null,
  'location-silent': 'LocationsSilent',
  'webhook-signatures-refused': 'SignaturesRefused',
  'install-needs-reauth': 'InstallsDisconnected',
  'poll-failed': 'PollingFails',
  'poll-stuck': 'PollingFails',
  'mirror-drift': 'MirrorDrifts',
  /** One whose name is not here. */
  other: null,
} as const satisfies Record<string, string | null>;

export type LogAlert = keyof typeof LOG_ALERTS;

/** Those names, each of which is a label. */
export const LOG_ALERT_NAMES = Object.keys(LOG_ALERTS) as LogAlert[];

/** Which alert a log line raises. @param fields what was logged beside the message @returns undefined where it raises none */
export function readLogAlert(fields: unknown): LogAlert | undefined {
  if (typeof fields !== 'object' || fields === null || !('alert' in fields)) return undefined;
  const { alert } = fields;
  return typeof alert === 'string' && Object.hasOwn(LOG_ALERTS, alert) ? (alert as LogAlert) : 'other';
}

/** The part of a logger's options that hears each line. */
interface LogHooks {
  logMethod<Logger>(this: Logger, args: unknown[], method: (this: Logger, ...args: never[]) => void): void;
}

/** Hooks for pino that hear each line that is written, those of child loggers included. @param heard called before it is */
export function hearLogAlerts(heard: (alert: LogAlert) => void): LogHooks {
  return {
    logMethod(args, method) {
      const alert = readLogAlert(args[0]);
      if (alert !== undefined) heard(alert);
      method.apply(this, args as never[]);
    },
  };
}
