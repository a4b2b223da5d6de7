/** `npm run setup`: everything that `npm test` and `npm run demo` would install, and nothing else. */

import { SetupError } from '../server/setup/step.ts';
import { ensureEnvironment } from './setup/environment.ts';

try {
  const environment = await ensureEnvironment();
  console.log(`Ready: node ${process.version}, ${environment.python}, ${environment.bwrap}.`);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
