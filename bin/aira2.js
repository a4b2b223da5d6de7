#!/usr/bin/env node
/** The `aira2` command: finds a fitting Node and runs server/cli/main.ts on it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, runEntry } from '../scripts/runtime.js';

if (!existsSync(join(root, 'node_modules', 'zod'))) {
  console.error('The node packages of AIRA2 are not installed. Run `npm run setup` in its folder first.');
  process.exit(1);
}
await runEntry('server/cli/main.ts', process.argv.slice(2));
