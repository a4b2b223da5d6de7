/**
 * Parts of packages that the extension host never calls and that a bundler cannot know to be dead: they hang on objects. Each is
 * replaced by a module with the same names, whose functions say so if they are called after all.
 */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** Schemas check what arrives; nobody asks for them as JSON Schema. */
const unused =
  /node_modules[\\/]zod[\\/]v4[\\/]core[\\/](json-schema-processors|to-json-schema|json-schema-generator)\.js$/;

export const withoutUnusedParts: Plugin = {
  name: 'without-unused-parts',
  setup(build) {
    build.onLoad({ filter: unused }, async ({ path }) => {
      const names = [...(await readFile(path, 'utf8')).matchAll(/^export (?:const|function|class) (\w+)/gm)];
      const file = path.split(/[\\/]/).at(-1) ?? path;
      return {
        contents: [
          `const absent = () => () => { throw new Error(${JSON.stringify(`${file} is not part of this build`)}); };`,
          ...names.map(([, name]) => `export const ${name} = absent;`),
        ].join('\n'),
      };
    });
  },
};
