/**
 * Parts of packages that the extension host never calls and that a bundler cannot know to be dead: they hang on objects. Each is
 * replaced by a module with the same names, whose functions say so if they are called after all.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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

/** `ws` is CommonJS, of which esbuild takes all or nothing. Its parts only define things: what nobody asks for is left out. */
export const clientPartOfWs: Plugin = {
  name: 'client part of ws',
  setup(build) {
    build.onResolve({ filter: /^\.\/lib\/[\w-]+\.js$/ }, ({ importer, path }) =>
      importer.endsWith('/ws/wrapper.mjs') ? { path: join(dirname(importer), path), sideEffects: false } : undefined,
    );
  },
};
