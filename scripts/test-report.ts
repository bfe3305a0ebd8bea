import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { z } from 'zod';

export interface TestReport {
  passed: number;
  failed: number;
  /** Each failed test, or file that could not be loaded, with the first line of what it said. */
  failures: string[];
}

const reportSchema = z.object({
  numPassedTests: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).nullish() }),
      ),
    }),
  ),
});

const root = join(import.meta.dirname, '..');

/**
 * Reads vitest's results. A file that could not be loaded has no tests and counts as one failure; so does a run that
 * failed without a failed test, for example by an unhandled error or because servers did not start.
 * @param reportFile written by vitest's JSON reporter
 * @param runPassed whether vitest's exit code was 0
 */
export async function readTestReport(reportFile: string, runPassed: boolean): Promise<TestReport> {
  const text = await readFile(reportFile, 'utf8').catch(() => undefined);
  if (text === undefined) return { passed: 0, failed: 1, failures: ['vitest wrote no report'] };
  const report = reportSchema.parse(JSON.parse(text));
  const failures = report.testResults.flatMap((file) => {
    const name = relative(root, file.name);
    if (file.status === 'failed' && file.assertionResults.length === 0) return [`${name}: ${firstLine(file.message)}`];
    return file.assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => `${name}: ${test.fullName}: ${firstLine(test.failureMessages?.[0] ?? '')}`);
  });
  if (!runPassed && failures.length === 0) failures.push('vitest failed without a failed test');
  return { passed: report.numPassedTests, failed: failures.length, failures };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
