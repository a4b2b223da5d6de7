/** `npm run bench -- <name> [arguments]`: see bench/main.ts. */
import { main } from '../bench/main.ts';

await main(process.argv.slice(2));
