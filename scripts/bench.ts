/** `npm run bench -- <name> [arguments]`: see bench/main.ts. Installs what is missing; standard output is the result's alone. */
import { main } from '../bench/main.ts';
import { SetupError } from '../server/setup/step.ts';
import { ensureEnvironment } from './setup/environment.ts';

try {
  await ensureEnvironment((line) => console.error(`· ${line}`));
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
