/** `npm run package`: the `.vsix`, in build/. */
import { relative } from 'node:path';
import { packageExtension } from './build/package.ts';
import { assertSizes, sizeLine } from './build/sizes.ts';
import { projectRoot } from './setup/environment.ts';

const { path, sizes, files } = await packageExtension();
for (const size of sizes) console.log(`· ${sizeLine(size)}`);
console.log(`Packed ${files.length} files: ${relative(projectRoot, path)}`);
assertSizes(sizes);
