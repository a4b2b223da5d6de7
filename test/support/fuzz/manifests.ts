/** Manifests as people and programs may get them wrong: every one is taken, or refused with line, words and fix. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { ManifestError } from '../../../server/tasks/errors.ts';
import { parseManifest } from '../../../server/tasks/manifest.ts';
import type { SeededRandom } from '../seededRandom.ts';
import type { FuzzTarget } from './fuzz.ts';
import { damagedText, damagedValue, deepText } from './mutation.ts';

const tasks = join(import.meta.dirname, '../../../tasks');
const names = ['birdstrikes', 'diamonds', 'digits', 'txhousing', 'verbs'];

/** What means something in YAML, or in a manifest. */
const tokens = [
  ...[
    '&a ',
    '*a',
    '<<: *a',
    '!!binary ',
    '!!js/function ',
    '!!set ',
    '? ',
    '- ',
    ': ',
    '|\n',
    '>-\n',
    '---\n',
    '...\n',
  ],
  ...[
    '%YAML 1.1\n',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '#',
    '\t',
    '~',
    'null',
    '.inf',
    '.nan',
    '0x1f',
    '0o7',
    '1_000',
    '1e999',
  ],
  ...['2001-12-14', 'yes', 'off', '__proto__: ', 'constructor: ', 'schema: ', 'split: ', 'cmd: ', '../', '/etc/passwd'],
];

const bases = names.map((name) => {
  const file = join(tasks, name, 'task.yaml');
  const text = readFileSync(file, 'utf8');
  return { file, text, value: parse(text) as unknown };
});

function damaged(text: string, value: unknown, random: SeededRandom): string {
  const kind = random.uniform();
  if (kind < 0.5) return damagedText(text, random, tokens);
  if (kind < 0.97) {
    const other = damagedValue(value, random);
    // JSON is YAML, too; what YAML itself cannot write down is written so.
    return random.chance(0.5) ? JSON.stringify(other) : yamlOf(other);
  }
  return random.chance(0.5) ? deepText(random, random.between(10, 3000)) : `${text}\nextra: ${deepText(random, 200)}`;
}

function yamlOf(value: unknown): string {
  try {
    return stringify(value);
  } catch {
    return JSON.stringify(value);
  }
}

export const manifests: FuzzTarget = {
  name: 'manifests',
  deadlineMs: 5000,
  start: async () => ({
    attempt: (random) => {
      const { file, text, value } = random.pick(bases);
      const given = damaged(text, value, random);
      try {
        parseManifest(given, file);
        return 'accepted';
      } catch (error) {
        if (!(error instanceof ManifestError)) throw withInput(error, given);
        const isTold = error.problems.every(
          ({ line, column, message, fix }) => line > 0 && column > 0 && message && fix,
        );
        if (error.problems.length === 0 || !isTold) throw withInput(error, given);
        return 'refused';
      }
    },
    close: async () => undefined,
  }),
};

function withInput(error: unknown, given: string): Error {
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new Error(`${words}\nof: ${JSON.stringify(given).slice(0, 600)}`);
}
