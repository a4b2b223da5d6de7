/** Python text of which programs and tries are made: one file per function, read once, checked by tests like any Python. */
import { readFileSync } from 'node:fs';
import { programFile } from '../../programFiles.ts';

const cache = new Map<string, string>();

/** The text of `fragments/<name>.py`. */
export function fragment(name: string): string {
  const known = cache.get(name);
  if (known !== undefined) return known;
  const text = readFileSync(programFile(`server/models/heuristic/fragments/${name}.py`), 'utf8');
  cache.set(name, text);
  return text;
}

/** Collects the parts of one Python module: imports are merged and sorted, definitions keep the order of their first use. */
export class PythonModule {
  readonly #imports = new Set<string>();
  readonly #setup = new Set<string>();
  readonly #definitions = new Map<string, string>();

  /** E.g. `import numpy as np` or `from sklearn.svm import SVC`, any number of lines. */
  import(lines: string): void {
    for (const line of lines.split('\n')) if (line.trim() !== '') this.#imports.add(line.trim());
  }

  /** A definition of the library; asking twice is the same as asking once. */
  useFragment(name: string): void {
    const [imports, body] = splitImports(fragment(name));
    this.import(imports);
    this.define(name, body);
  }

  /** A statement that runs before anything is defined, e.g. a warnings filter. */
  setup(line: string): void {
    this.#setup.add(line);
  }

  define(key: string, text: string): void {
    if (!this.#definitions.has(key)) this.#definitions.set(key, text.trim());
  }

  imports(): string {
    return mergeImports([...this.#imports]);
  }

  setupLines(): string {
    return [...this.#setup].join('\n');
  }

  definitions(): string {
    return [...this.#definitions.values()].join('\n\n\n');
  }
}

function splitImports(text: string): [string, string] {
  const lines = text.split('\n');
  const isImport = (line: string): boolean => /^(import|from) /.test(line);
  return [lines.filter(isImport).join('\n'), lines.filter((line) => !isImport(line)).join('\n')];
}

const standardLibrary = new Set(['csv', 'json', 'os', 're', 'time', 'warnings', 'pathlib', 'collections', 'itertools']);

function mergeImports(lines: readonly string[]): string {
  const names = new Map<string, Set<string>>();
  const plain = new Set<string>();
  for (const line of lines) {
    const [, module, imported] = /^from (\S+) import (.+)$/.exec(line) ?? [];
    if (module === undefined || imported === undefined) plain.add(line);
    else names.set(module, new Set([...(names.get(module) ?? []), ...imported.split(',').map((name) => name.trim())]));
  }
  const rendered = [
    ...[...plain].map((line) => ({ module: line.split(' ')[1] ?? '', line, from: false })),
    ...[...names].map(([module, set]) => ({
      module,
      line: wrapImport(module, [...set].sort()),
      from: true,
    })),
  ].sort((a, b) => Number(a.from) - Number(b.from) || (a.module < b.module ? -1 : 1));
  const isStandard = ({ module }: { module: string }): boolean => standardLibrary.has(module.split('.')[0] ?? '');
  const groups = [rendered.filter(isStandard), rendered.filter((each) => !isStandard(each))];
  return groups
    .filter((group) => group.length > 0)
    .map((group) => group.map(({ line }) => line).join('\n'))
    .join('\n\n');
}

function wrapImport(module: string, names: readonly string[]): string {
  const line = `from ${module} import ${names.join(', ')}`;
  return line.length <= 120 ? line : `from ${module} import (\n${names.map((name) => `    ${name},\n`).join('')})`;
}
