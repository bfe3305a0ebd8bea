import { readFile } from 'node:fs/promises';
import { z } from 'zod';

export type Count = { passed: number; failed: number };

const reportSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
});

/**
 * Counts vitest's results. A file that could not be loaded has no tests and counts as one failure; so does a run that
 * failed without a failed test, for example by an unhandled error or because servers did not start.
 * @param reportFile written by vitest's JSON reporter
 * @param runPassed whether vitest's exit code was 0
 */
export async function countTests(reportFile: string, runPassed: boolean): Promise<Count> {
  const text = await readFile(reportFile, 'utf8').catch(() => undefined);
  if (text === undefined) return { passed: 0, failed: 1 };
  const report = reportSchema.parse(JSON.parse(text));
  const unloadable = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const failed = report.numFailedTests + unloadable.length;
  return { passed: report.numPassedTests, failed: runPassed ? failed : Math.max(failed, 1) };
}
