import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeResults, runCheck, runChecks } from './check-run.ts';
import { listStaticChecks, searchForLeaks } from './checks.ts';
import { readTestReport } from './test-report.ts';

const dataDir = join(import.meta.dirname, '..', '.switchyard');
await mkdir(dataDir, { recursive: true });
const folder = await mkdtemp(join(dataDir, 'report-'));
const reportFile = join(folder, 'vitest.json');

try {
  const checks = await runChecks(listStaticChecks());
  const vitest = { title: 'tests (vitest)', program: 'vitest', args: ['run', ...process.argv.slice(2)] };
  const tests = await runCheck(vitest, { TEST_REPORT_FILE: reportFile, TEST_EVIDENCE_FOLDER: folder });
  const report = await readTestReport(reportFile, tests.passed);
  const leaks = await runCheck(searchForLeaks(folder, process.argv.length === 2));
  checks.push(leaks);
  console.log(describeResults([...checks, tests]));
  for (const failure of report.failures) console.log(`  FAILED  ${failure}`);

  const passed = report.passed + checks.filter((check) => check.passed).length;
  const failed = report.failed + checks.filter((check) => !check.passed).length;
  const summary = `${passed} passed, ${failed} failed`;
  console.log(`\n${summary}`);
  const summaryFile = process.env['CHECK_SUMMARY_FILE'];
  if (summaryFile) await writeFile(summaryFile, `${summary}\n`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
