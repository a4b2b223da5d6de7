/** Candidates as folders: of a run that was unsealed early, to places that are good or bad, several at the same time. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { RemoteError } from '../../protocol/rpcErrors.ts';
import { Candidate } from '../../protocol/run.ts';
import { ExportedCandidate } from '../../server/api/exportCandidate.ts';
import { runDirectory, runPaths } from '../../server/store/home.ts';
import { RunStore } from '../../server/store/runStore.ts';
import { TestServer, until } from '../support/agentServer.ts';
import { runStarted } from '../support/candidates.ts';
import { hosted } from '../support/hostedRun.ts';
import { type LinearTask, linearTask } from '../support/linearTask.ts';

const run = '20260108-000000-linear-e001';
const common = ['README.md', 'candidate.json', 'program/solution.py', 'requirements.txt', 'run.sh'];
let server: TestServer;
let toy: LinearTask;

before(async () => {
  server = await TestServer.inNewHome();
  toy = await linearTask({ home: server.home });
  const store = await RunStore.create(server.home, run, {
    ...runStarted({ task: 'linear', candidates: 7, workers: 1, drafts: 7, search: 'random-drafts' }),
    caveats: ['made by a <script>'],
    metric: { name: 'RMSE', direction: 'minimize' },
    splitHash: toy.task.splitHash,
    scoringHash: toy.task.scoringHash,
  });
  // Unsealed with two candidates, cut off with three.
  await hosted(store, toy.task, async ({ steering, search }) => {
    const scored = (count: number) => () => store.view.summary.counts.scored >= count;
    await until('two candidates', scored(2));
    await steering.pause();
    await until('the third agent to come to its end', () => store.view.summary.counts.running === 0);
    await steering.unsealEarly();
    const opened = store.view.summary.counts.scored;
    await steering.unpause();
    await until('one more', scored(opened + 1));
    search.interrupt('a power cut');
  });
});
after(() => server?.[Symbol.asyncDispose]());

const refusal = (pattern: RegExp) => (error: unknown) =>
  error instanceof RemoteError && error.kind === 'bad_input' && pattern.test(error.message);

describe('the export of a candidate', { timeout: 900_000 }, () => {
  it('of a run unsealed early has the predictions of what was opened, and nothing sealed of what came later', async () => {
    const client = await server.client();
    const { candidates, summary } = await client.request('run.snapshot', { run });
    assert.equal(summary.unsealedEarly, true);
    const scored = candidates.filter(({ state }) => state === 'scored');
    const opened = scored.filter(({ test }) => test !== null);
    const later = scored.filter(({ test }) => test === null);
    assert.ok(opened.length >= 2 && later.length >= 1, `${opened.length} opened, ${later.length} later`);
    for (const { id, test } of opened) {
      const to = join(server.home, 'out', `opened-${id}`);
      const { files, directory } = await client.request('candidate.export', { run, candidate: id, to });
      assert.deepEqual(files, [...common, 'predictions.csv'].sort());
      const kept = join(server.home, 'runs', run, 'candidates', String(id), 'predictions', 'pooled.csv.gz');
      assert.deepEqual(await readFile(join(directory, 'predictions.csv')), gunzipSync(await readFile(kept)));
      assert.match(await readFile(join(directory, 'README.md'), 'utf8'), /test \d/);
      assert.deepEqual(
        Candidate.parse(JSON.parse(await readFile(join(directory, 'candidate.json'), 'utf8'))).test,
        test,
      );
    }
    const [sealed] = later;
    assert.ok(sealed !== undefined);
    const to = join(server.home, 'out', 'later');
    const { files } = await client.request('candidate.export', { run, candidate: sealed.id, to });
    assert.deepEqual(files, common);
    assert.doesNotMatch(await readFile(join(to, 'README.md'), 'utf8'), /\btest \d/);
    const record = Candidate.parse(JSON.parse(await readFile(join(to, 'candidate.json'), 'utf8')));
    assert.deepEqual([record.validation, record.test], [null, null]);

    await hosted(await RunStore.open(server.home, run), toy.task, () => Promise.resolve());
    const atEnd = join(server.home, 'out', 'at-end');
    const whole = await client.request('candidate.export', { run, candidate: sealed.id, to: atEnd });
    assert.deepEqual(whole.files, [...common, 'predictions.csv'].sort(), 'at the end all is open');
    assert.deepEqual(
      await readdir(join(server.home, 'out')).then((names) => names.filter((name) => /^\./.test(name))),
      [],
    );
  });

  it('says what was switched off in its run, what to know of it, and that sealed scores were seen', async () => {
    const client = await server.client();
    const { summary } = await client.request('run.snapshot', { run });
    const to = join(server.home, 'out', 'about');
    await client.request('candidate.export', { run, candidate: 1, to });
    const exported = ExportedCandidate.parse(JSON.parse(await readFile(join(to, 'candidate.json'), 'utf8')));
    assert.deepEqual(exported.run, {
      id: run,
      caveats: summary.caveats,
      switches: { search: 'random-drafts', operators: 'react', evaluation: 'hidden' },
      unsealedEarly: true,
    });
    const [before = '', after = ''] = (await readFile(join(to, 'README.md'), 'utf8')).split(
      'Read this before you trust',
    );
    assert.match(before, /RMSE \(minimize\): search/);
    assert.match(after, /^- \*\*Switches: random-drafts\*\*$/m);
    assert.match(after, /^- \*\*Unsealed early\*\*/m);
    assert.match(after, /^- made by a \\<script>$/m);
    assert.match(after, /^- validation and test scores were unsealed before the search had ended$/m);
  });

  it('goes to an empty or a new folder and to no other, and lays down files of the program alone', async () => {
    const client = await server.client();
    const to = (path: string) => client.request('candidate.export', { run, candidate: 1, to: path });
    const out = join(server.home, 'places');
    await mkdir(join(out, 'empty'), { recursive: true });
    await mkdir(join(out, 'filled'));
    await writeFile(join(out, 'filled', 'mine.txt'), 'mine');
    await symlink(join(server.home, 'runs'), join(out, 'link'));
    await symlink(join(out, 'nowhere'), join(out, 'dangling'));
    await symlink(join(out, 'empty'), join(out, 'to-empty'));
    for (const path of ['out', '../out', './out', '~/out']) await assert.rejects(to(path), refusal(/absolute/), path);
    await assert.rejects(to(join(out, 'filled')), refusal(/not empty/));
    await assert.rejects(to(join(out, 'filled', 'mine.txt')), refusal(/not a folder/));
    await assert.rejects(to(join(out, 'filled', 'mine.txt', 'below')), refusal(/not a folder/));
    await assert.rejects(to(join(out, 'dangling')), refusal(/leads nowhere/));
    await assert.rejects(to(`${out}/x\0y`), refusal(/not a folder/));
    const engines = [
      join(server.home, 'runs', '20260101-000000-linear-ffff'),
      join(out, '..', 'tasks', 'linear@2'),
      join(out, 'link', run, 'candidates', '9', 'program'),
      join(server.home, 'server', 'new'),
    ];
    for (const path of engines) await assert.rejects(to(path), refusal(/AIRA2's own/), path);
    assert.equal(await readFile(join(out, 'filled', 'mine.txt'), 'utf8'), 'mine');

    const { program } = runPaths(runDirectory(server.home, run)).candidate(1);
    await symlink('/etc/passwd', join(program, 'passwd'));
    const { files, directory } = await to(join(out, 'to-empty'));
    assert.equal(directory, join(out, 'empty'), 'a link that a person has laid is followed once');
    assert.ok(files.includes('program/solution.py') && !files.some((path) => path.includes('passwd')));
    assert.deepEqual(await readdir(join(directory, 'program')), ['solution.py']);
  });

  it('does not disturb another one into the same folder above', async () => {
    const client = await server.client();
    const other = await server.client();
    const to = (n: number) => join(server.home, 'many', String(n));
    const exported = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        (n % 2 === 0 ? client : other).request('candidate.export', { run, candidate: (n % 3) + 1, to: to(n) }),
      ),
    );
    for (const [n, { candidate, directory }] of exported.entries()) {
      assert.equal(candidate, (n % 3) + 1);
      const record = JSON.parse(await readFile(join(directory, 'candidate.json'), 'utf8'));
      assert.equal(record.id, candidate);
    }
    // Two into one place: one of them has it.
    const two = await Promise.allSettled(
      [1, 2].map((candidate) => client.request('candidate.export', { run, candidate, to: to(99) })),
    );
    assert.deepEqual(two.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.equal((await readdir(join(server.home, 'many'))).length, 7);
  });
});
