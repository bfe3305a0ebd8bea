import { DefaultLogger } from '@temporalio/worker';
import type { Logger } from 'pino';

const METHODS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/**
 * Puts what activities, workflows and Temporal's SDK log among our lines, each at its level. Nothing below INFO, whatever our own level is:
 * there the SDK tells its options, keys among them, and whole payloads.
 */
export const createTemporalLogger = (log: Logger): DefaultLogger =>
  new DefaultLogger('INFO', ({ level, message, meta }) => log[METHODS[level]]({ from: 'temporal', ...meta }, message));
