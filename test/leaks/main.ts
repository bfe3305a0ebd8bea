import { describeSearch } from './report.ts';
import { readProductSources } from './product-sources.ts';
import { searchEvidence } from './search.ts';

/** `tsx test/leaks/main.ts <folder of the evidence> [whole]`; ends with 1 when something was found, or too little gathered. */
const [folder, extent] = process.argv.slice(2);
if (folder === undefined) throw new Error('say in which folder the evidence is');
const { lines, isClean } = describeSearch(searchEvidence(folder, readProductSources()), extent === 'whole');
console.log(lines.join('\n'));
process.exitCode = isClean ? 0 : 1;
