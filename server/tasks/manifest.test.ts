import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ManifestError, type ManifestProblem } from './errors.ts';
import { loadManifest, parseManifest } from './manifest.ts';

const sound = `schema: aira.task/1
id: houses
title: House prices
version: 1
source: {kind: local, ref: mine, licence: CC0}
description: description.md
modality: tabular
data:
  target: [price]
split:
  method: random
prediction:
  columns:
    - {name: id, role: id, dtype: string}
    - {name: price, role: value, dtype: float}
metric:
  name: RMSE
  direction: minimize
  impl: {builtin: rmse}
`;

describe('a task manifest', () => {
  let directory: string;
  const problemsOf = (text: string): ManifestProblem[] => {
    try {
      parseManifest(text, path.join(directory, 'task.yaml'));
    } catch (error) {
      if (error instanceof ManifestError) return error.problems;
      throw error;
    }
    return [];
  };
  /** Exactly one problem, as `line key: message -> fix`. */
  const onlyProblem = (text: string): string => {
    const problems = problemsOf(text);
    assert.equal(problems.length, 1, JSON.stringify(problems, null, 1));
    const [{ line, key, message, fix } = assert.fail()] = problems;
    return `${line} ${key}: ${message} -> ${fix}`;
  };
  /** The sound manifest with one line replaced (a \n in `by` adds lines). */
  const with_ = (line: string, by: string): string => {
    assert.ok(sound.includes(`${line}\n`), line);
    return sound.replace(`${line}\n`, by === '' ? '' : `${by}\n`);
  };

  before(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'aira2-manifest-'));
    writeFileSync(path.join(directory, 'description.md'), '# Houses\n');
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('is read with its defaults filled in', () => {
    const manifest = parseManifest(sound, path.join(directory, 'task.yaml'));
    assert.deepEqual(manifest.split.fractions, { train: 0.8, search: 0.1, validation: 0.1 });
    assert.equal(manifest.view.mode, 'pooled');
    assert.deepEqual(manifest.run.cmd, ['python', 'solution.py']);
  });

  const golden: [title: string, line: string, by: string, expected: string][] = [
    [
      'an unknown key and the one that was meant',
      'modality: tabular',
      'modality: tabular\nwarning: [a]',
      '8 warning: unknown key -> did you mean `warnings`?',
    ],
    [
      'an unknown key deep inside',
      '  target: [price]',
      '  target: [price]\n  traget: [price]',
      '10 data.traget: unknown key -> remove it; known keys here: acquire, prepare, table, id, drop, arrays',
    ],
    [
      'an unknown key in a list',
      '    - {name: price, role: value, dtype: float}',
      '    - {name: price, role: value, dtype: float, maximum: 3}',
      '15 prediction.columns[1].maximum: unknown key -> did you mean `max`?',
    ],
    [
      'a wrong choice',
      'modality: tabular',
      'modality: tabel',
      '7 modality: "tabel" is not allowed -> use tabular, image, text, time-series or other (did you mean tabular?)',
    ],
    [
      'another schema',
      'schema: aira.task/1',
      'schema: aira.task/9',
      '1 schema: "aira.task/9" is not allowed -> use aira.task/1',
    ],
    ['a wrong type', 'version: 1', 'version: one', '4 version: "one" is not a number -> write a number'],
    [
      'a missing key, at its parent',
      '  target: [price]',
      '  table: table.csv',
      '8 data.target: missing -> add it (a list)',
    ],
    ['a missing key of the whole file', 'title: House prices', '', '1 title: missing -> add it (a text)'],
    [
      'a path that leaves the folder',
      'description: description.md',
      'description: ../../etc/passwd',
      '6 description: "../../etc/passwd" does not fit -> a path inside the task folder',
    ],
    [
      'a path with a character that no path has',
      'description: description.md',
      'description: "de\\0scription.md"',
      '6 description: "de\\u0000scription.md" does not fit -> a path without control characters',
    ],
    [
      'a name that is too long for any file',
      'description: description.md',
      `description: ${'x'.repeat(300)}.md`,
      `6 description: "${'x'.repeat(56)}... does not fit -> a path short enough for a file system`,
    ],
    [
      'a description that is not there',
      'description: description.md',
      'description: story.md',
      '6 description: the file story.md does not exist beside the manifest -> write it (Markdown: rows, target, metric, files, traps) or correct the path',
    ],
    [
      'a package that is not pinned',
      '  target: [price]',
      `  target: [price]\n  prepare: {cmd: [python, p.py]}\n  acquire:\n    - {kind: npm, spec: vega-datasets, sha256: ${'0a'.repeat(32)}}`,
      '12 data.acquire[0].spec: "vega-datasets" is not a pinned npm package -> write name@version, e.g. vega-datasets@3.2.1',
    ],
    [
      'a sha256 that is none',
      '  target: [price]',
      '  target: [price]\n  prepare: {cmd: [python, p.py]}\n  acquire:\n    - {kind: npm, spec: a@1.0.0, sha256: abc}',
      '12 data.acquire[0].sha256: "abc" does not fit -> a sha256 in lower-case hex',
    ],
    [
      'packages without a preparation',
      '  target: [price]',
      `  target: [price]\n  acquire:\n    - {kind: npm, spec: a@1.0.0, sha256: ${'0a'.repeat(32)}}`,
      '10 data.acquire: packages are fetched, but nothing turns them into a table -> add data.prepare.cmd, e.g. [python, prepare.py]',
    ],
    [
      'group without columns',
      '  method: random',
      '  method: group',
      '10 split.group: missing: split.method is group -> name the columns, e.g. group: [patient]',
    ],
    [
      'time without a column',
      '  method: random',
      '  method: time',
      '10 split.time: missing: split.method is time -> name the column that orders rows, e.g. time: date',
    ],
    [
      'predefined without a column',
      '  method: random',
      '  method: predefined',
      '10 split.column: missing: split.method is predefined -> name the column that holds train, search, validation or test',
    ],
    [
      'custom without a command',
      '  method: random',
      '  method: custom',
      '10 split.cmd: missing: split.method is custom -> the command that writes row,split to $AIRA_SPLIT_FILE',
    ],
    [
      'shares that do not sum to one',
      '  method: random',
      '  method: random\n  fractions: {train: 0.8, search: 0.1, validation: 0.2}',
      '12 split.fractions: train, search and validation sum to 1.1, not 1 -> make them sum to 1; the test split is taken out before, by split.test',
    ],
    [
      'a holdout that is no share',
      '  method: random',
      '  method: random\n  test: {holdout: 1}',
      '12 split.test.holdout: 1 is too large -> less than 1',
    ],
    [
      'an option without effect',
      '  method: random',
      '  method: random\n  group: [city]',
      '12 split.group: has no effect (split.method is random) -> remove it, or use method: group',
    ],
    [
      'a metric that is not built in',
      '  impl: {builtin: rmse}',
      '  impl: {builtin: rmsel}',
      '19 metric.impl.builtin: there is no built-in metric "rmsel" -> did you mean rmse?',
    ],
    [
      'a flipped direction',
      '  direction: minimize',
      '  direction: maximize',
      '18 metric.direction: rmse is to minimize, not to maximize -> direction: minimize',
    ],
    [
      'a wrong optimum',
      '  direction: minimize',
      '  direction: minimize\n  optimum: 1',
      '19 metric.optimum: the best value of rmse is 0 -> optimum: 0',
    ],
    [
      'a log-loss without probabilities',
      '  impl: {builtin: rmse}',
      '  impl: {builtin: log_loss}',
      '13 prediction.columns: log_loss needs probability columns -> dtype: float, min: 0, max: 1 for the chance of class 1, or for one column per class',
    ],
    [
      'a number where a text belongs',
      'title: House prices',
      'title: 1',
      '3 title: 1 is not a text -> put it in quotes',
    ],
    [
      'no id column',
      '    - {name: id, role: id, dtype: string}',
      '',
      '13 prediction.columns: predictions are aligned by id, which needs exactly one id column, called id -> add {name: id, role: id, dtype: string}, or use align: position',
    ],
  ];
  for (const [title, line, by, expected] of golden) {
    it(`is refused for ${title}, naming line, key and fix`, () => assert.equal(onlyProblem(with_(line, by)), expected));
  }

  it('asks for all that rolling_origin needs at once, in the order of the file', () => {
    const problems = problemsOf(with_('  method: random', '  method: rolling_origin'));
    assert.deepEqual(
      problems.map(({ line, key }) => `${line} ${key}`),
      ['1 view.mode', '10 split.time', '10 split.horizon', '10 split.group'],
    );
  });

  it('reads no description out that lies elsewhere, or is no text of a readable size', () => {
    const outside = mkdtempSync(path.join(tmpdir(), 'aira2-outside-'));
    try {
      writeFileSync(path.join(outside, 'secret.md'), 'a private key');
      symlinkSync(path.join(outside, 'secret.md'), path.join(directory, 'secret.md'));
      symlinkSync(outside, path.join(directory, 'elsewhere'));
      symlinkSync('description.md', path.join(directory, 'same.md'));
      writeFileSync(path.join(directory, 'huge.md'), 'x'.repeat(256 * 1024 + 1));
      const described = (by: string) => problemsOf(with_('description: description.md', `description: ${by}`));
      for (const link of ['secret.md', 'elsewhere/secret.md'])
        assert.match(described(link)[0]?.message ?? '', /leads out of the task's folder/, link);
      assert.match(described('huge.md')[0]?.message ?? '', /larger than 256 KiB/);
      assert.deepEqual(described('same.md'), []);
    } finally {
      rmSync(outside, { recursive: true });
    }
  });

  it('carries medals, best first, and refuses those that are out of order, out of bounds or named twice', () => {
    const medals = (list: string) =>
      with_('  impl: {builtin: rmse}', `  bounds: [0, null]\n  impl: {builtin: rmse}\nreference:\n  medals:${list}`);
    const gold = '\n    - {name: gold, score: 0.1}';
    const { reference } = parseManifest(
      medals(`${gold}\n    - {name: silver, score: 0.2}\n    - {name: bronze, score: 0.2}`),
      path.join(directory, 'task.yaml'),
    );
    assert.deepEqual(reference.medals, [
      { name: 'gold', score: 0.1 },
      { name: 'silver', score: 0.2 },
      { name: 'bronze', score: 0.2 },
    ]);
    assert.equal(
      onlyProblem(medals(`${gold}\n    - {name: silver, score: 0.05}`)),
      '24 reference.medals[1].score: silver takes more (0.05) than gold (0.1), and RMSE is to minimize -> list them best first, each with its own score',
    );
    assert.match(onlyProblem(medals('\n    - {name: gold, score: -1}')), /^23 .*outside metric\.bounds/);
    assert.match(onlyProblem(medals(`${gold}\n    - {name: gold, score: 0.3}`)), /^24 .*gold stands twice/);
  });

  it('wants levels for a metric that compares labels', () => {
    const text = sound.replace(
      'direction: minimize\n  impl: {builtin: rmse}',
      'direction: maximize\n  impl: {builtin: accuracy}',
    );
    assert.equal(
      onlyProblem(text),
      '13 prediction.columns: accuracy compares labels -> dtype: string or int, with levels: [every class]',
    );
  });

  it('wants a season and histories for mase', () => {
    const keys = problemsOf(sound.replace('builtin: rmse', 'builtin: mase')).map(({ key }) => key);
    assert.deepEqual(keys, ['metric.season', 'metric.impl.builtin']);
  });

  it('tells all problems in one error, each with file:line:column', () => {
    const file = path.join(directory, 'task.yaml');
    const text = sound.replace('version: 1', 'version: 0').replace('modality: tabular', 'modality: audio');
    assert.throws(
      () => parseManifest(text, file),
      (error: unknown) => {
        assert.ok(error instanceof ManifestError);
        assert.match(error.message, new RegExp(`^${file}:4:1: version: 0 is too small\\n {4}fix: more than 0$`, 'm'));
        assert.match(
          error.message,
          new RegExp(`^${file}:7:1: modality: "audio" is not allowed\\n {4}fix: use tabular`, 'm'),
        );
        return true;
      },
    );
  });

  it('names the line of a YAML mistake', () => {
    const [problem] = problemsOf(sound.replace('title: House prices', 'title: House: prices'));
    assert.equal(problem?.line, 3);
    assert.match(problem?.message ?? '', /not valid YAML/);
  });

  it('refuses a key that stands twice', () => {
    const [problem] = problemsOf(`${sound}version: 2\n`);
    assert.equal(problem?.line, 20);
  });

  it('refuses a file that is no mapping, or is empty', () => {
    for (const text of ['', '- a\n', 'hello\n']) {
      assert.match(problemsOf(text)[0]?.message ?? '', /not a mapping/);
    }
  });

  const bombs: [string, string, RegExp][] = [
    [
      'aliases that stand for billions of values',
      `a: &a [x, x, x, x, x, x, x, x, x]\n${[...'bcdefghi'].map((name, at) => `${name}: &${name} [${`*${'abcdefgh'[at]}, `.repeat(9)}]`).join('\n')}\n`,
      /alias/i,
    ],
    ['an alias of nothing', `${sound}title2: *nobody\n`, /nobody/],
    ['an alias within what it stands for', `${sound}title2: &loop [*loop]\n`, /circular|alias/i],
  ];
  for (const [what, text, says] of bombs) {
    it(`answers ${what} like any other mistake`, { timeout: 60_000 }, () => {
      const [problem, ...others] = problemsOf(text);
      assert.deepEqual(others, []);
      assert.match(problem?.message ?? '', says);
    });
  }

  it('answers lists within lists within lists with a few mistakes, however deep', { timeout: 60_000 }, () => {
    for (const depth of [300, 500, 600, 700, 750, 800, 20_000]) {
      const { length } = problemsOf(`a: ${'['.repeat(depth)}${']'.repeat(depth)}\n`);
      assert.ok(length > 0 && length <= 20, `${length} problems at depth ${depth}`);
    }
  });

  it('tells mistakes beside an alias as ever, and reads a sound one', () => {
    assert.match(onlyProblem(`${sound}warnings: [&w careful, *w]\ntitel: *w\n`), /titel: unknown key/);
    const { warnings } = parseManifest(`${sound}warnings: [&w careful, *w]\n`, path.join(directory, 'task.yaml'));
    assert.deepEqual(warnings, ['careful', 'careful']);
  });

  it('is not waited for where it is a pipe or a device', { timeout: 20_000 }, () => {
    const pipe = path.join(directory, 'pipe.yaml');
    execFileSync('mkfifo', [pipe]);
    for (const file of [pipe, '/dev/zero', directory]) assert.throws(() => loadManifest(file), /is not a regular file/);
    rmSync(pipe);
    execFileSync('mkfifo', [path.join(directory, 'pipe.md')]);
    assert.match(onlyProblem(with_('description: description.md', 'description: pipe.md')), /pipe\.md does not exist/);
  });

  it('is read up to a mebibyte, and no further', () => {
    const large = path.join(directory, 'large.yaml');
    writeFileSync(large, `${sound}#${'x'.repeat(1024 * 1024)}\n`);
    assert.throws(() => loadManifest(large), /larger than 1 MiB/);
    writeFileSync(large, `${sound}#${'x'.repeat(500_000)}\n`);
    assert.equal(loadManifest(large).manifest.id, 'houses');
  });

  it('says which file cannot be read', () => {
    assert.throws(() => loadManifest(path.join(directory, 'absent.yaml')), /absent\.yaml cannot be read: ENOENT/);
  });

  it('refuses what nobody would act on: packages that nobody installs, GPUs that no slot holds', () => {
    assert.match(
      onlyProblem(`${sound}run: {requirements: [lightgbm==4.5.0]}\n`),
      /^\d+ run\.requirements: lightgbm==4\.5\.0 would not be installed.* -> install it there .*run\.image/,
    );
    assert.match(onlyProblem(`${sound}limits: {gpus: 2}\n`), /limits\.gpus: 2 GPUs for one program: a slot holds one/);
    assert.deepEqual(problemsOf(`${sound}run: {requirements: []}\nlimits: {gpus: 0}\n`), []);
  });
});
