import { describeResults, runChecks } from './check-run.ts';
import { listStaticChecks } from './checks.ts';

const results = await runChecks(listStaticChecks());
console.log(describeResults(results));
process.exitCode = results.every((result) => result.passed) ? 0 : 1;
