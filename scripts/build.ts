/** `npm run build`: the extension as it is shipped, in build/extension. `--explain` says what the bundles are made of. */
import { relative } from 'node:path';
import { analyzeMetafile } from 'esbuild';
import { buildExtension } from './build/extension.ts';
import { assertSizes, sizeLine } from './build/sizes.ts';
import { projectRoot } from './setup/environment.ts';

const { folder, bundles, sizes } = await buildExtension();
for (const size of sizes) console.log(`· ${sizeLine(size)}`);
if (process.argv.includes('--explain'))
  for (const metafile of Object.values(bundles)) console.log(await analyzeMetafile(metafile));
console.log(`Built: ${relative(projectRoot, folder)}`);
assertSizes(sizes);
