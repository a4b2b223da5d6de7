/**
 * Fuzzes one target in a process of its own: `node --expose-gc main.ts <target> <seed> <cases> [first case]`. Its report is
 * JSON on standard output; the number of cases done so far goes to standard error, line by line, as a sign of life.
 */
import { fuzz } from './fuzz.ts';
import { targets } from './targets.ts';

const [name = '', seed = '1', cases = '1000', from = '0'] = process.argv.slice(2);
const target = targets[name];
if (target === undefined) throw new Error(`there is no target ${name}; targets: ${Object.keys(targets).join(', ')}`);
const report = await fuzz(target, {
  seed: Number(seed),
  cases: Number(cases),
  from: Number(from),
  onProgress: (done) => process.stderr.write(`${done}\n`),
});
process.stdout.write(`${JSON.stringify(report)}\n`);
