import { DefaultLogger } from '@temporalio/worker';
import type { Logger } from 'pino';

/** Puts the warnings and errors of Temporal's SDK among ours. */
export const createTemporalLogger = (log: Logger): DefaultLogger =>
  new DefaultLogger('WARN', (entry) => log.warn({ from: 'temporal', ...entry.meta }, entry.message));
