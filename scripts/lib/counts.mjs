// `passed failed` of a vitest JSON report; a skipped test counts as failed, and so does a run that died without saying so.
import { readFileSync } from 'node:fs';

const [file, status] = process.argv.slice(2);
const report = JSON.parse(readFileSync(file, 'utf8'));
const skipped = report.numPendingTests + report.numTodoTests;
if (skipped) console.error(`${skipped} tests were skipped; nothing may be`);
const crashed = report.testResults.filter(
  (suite) => suite.status === 'failed' && suite.assertionResults.length === 0,
).length;
let failed = report.numFailedTests + skipped + crashed;
if (failed === 0 && status !== '0') failed = 1;
console.log(`${report.numPassedTests} ${failed}`);
