import { type Logger, type LoggerOptions, pino } from 'pino';
import { suiteEvidence } from '../leaks/evidence.ts';

/**
 * The logger of everything of the product that runs within a test. It writes every level for the search of the suite's
 * logs, shows what TEST_LOG_LEVEL asks for, and gives each line from debug on to the test if it wants them.
 */
export function createTestLogger(
  onLine?: (line: string) => void,
  evidence = suiteEvidence,
  hooks: LoggerOptions['hooks'] = {},
): Logger {
  const shown = pino.levels.values[process.env['TEST_LOG_LEVEL'] ?? 'silent'] ?? Infinity;
  const level = evidence.isKept ? 'trace' : onLine ? 'debug' : (process.env['TEST_LOG_LEVEL'] ?? 'silent');
  return pino(
    { level, hooks },
    {
      write(line: string) {
        evidence.say('log line', '', line);
        const { level: number } = JSON.parse(line) as { level: number };
        if (number >= pino.levels.values['debug']!) onLine?.(line);
        if (number >= shown) process.stdout.write(line);
      },
    },
  );
}
