/**
 * A run on the Gemini SDK, recorded, then made again with the server gone: the same operators, parents, programs and scores,
 * whatever the number of workers and the order in which they come to an end.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { forms } from '../../server/cli/output.ts';
import { readProgramFolder } from '../../server/store/programFolder.ts';
import { listRunIds, readRun } from '../../server/store/runStore.ts';
import { answer, apiError, bareFinish, dropInStream, held, type Reply, retryInfo } from '../models/geminiReplies.ts';
import { GeminiServer, type RecordedRequest } from '../models/geminiServer.ts';
import { Brake } from '../support/brake.ts';
import { aira2 } from '../support/command.ts';
import { type LinearTask, linearTask, venv } from '../support/linearTask.ts';
import { linearProgram, writeProgram } from '../support/scriptedModel.ts';

const apiKey = 'AIza-sentinel-0123456789-of-a-recording';
const candidates = 8;
let toy: LinearTask;
let gemini: GeminiServer;
let requests = 0;
let brake: Brake | null = null;

before(async () => {
  toy = await linearTask();
  gemini = await GeminiServer.start({
    apiKey,
    respond: (request) => held(respond(request), async () => brake?.pass()),
  });
});
after(async () => {
  await gemini.close();
  await toy[Symbol.asyncDispose]();
});

const call = (name: string, args: Record<string, unknown>, words = 'As planned.') =>
  answer({ chunks: [[{ text: words }], [{ functionCall: { name, args } }]] });

/** Looks around at things that are never the same twice, writes a program that depends on what it was told, submits it. */
function respond({ body }: RecordedRequest): Reply {
  requests += 1;
  if (body.tools?.[0]?.functionDeclarations[0]?.name === 'confirm') return call('confirm', { word: 'ready' });
  // The provider's bad moments belong to the recording too.
  if (requests === 5)
    return apiError({ code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Slow.', details: [retryInfo('0.05s')] });
  if (requests === 8) return dropInStream;
  if (requests === 11) return bareFinish('MALFORMED_FUNCTION_CALL', 'call:bash{');
  const turn = body.contents.filter(({ role }) => role === 'model').length;
  const prompt = JSON.stringify(body.contents[0]);
  const random = createHash('sha256').update(`${prompt}${requests}`).digest().readUInt16BE() / 65_536;
  if (turn === 0)
    return call('bash', {
      command: `sleep ${(random / 2).toFixed(2)}; date; ls -l /data; python -c 'import time; print(time.time())'`,
    });
  if (turn === 1) return call('bash', { command: writeProgram(linearProgram(2 + 2 * random)) });
  return call('submit', { summary: `slope ${(2 + 2 * random).toFixed(3)}` });
}

const environment = () => ({ GEMINI_API_KEY: apiKey, GOOGLE_GEMINI_BASE_URL: gemini.url, AIRA2_VENV: venv });

async function run(given: Record<string, string>, ...args: string[]) {
  const result = await aira2(['run', toy.source, '--json', ...args], {
    home: toy.home,
    environment: given,
    timeoutMs: 150_000,
  });
  return { ...result, id: () => forms.run.parse(JSON.parse(result.stdout)).run.id };
}

/** The newest run, once it is live and has `count` scored candidates. */
async function liveRun(known: string[], count: number): Promise<string> {
  for (const deadline = Date.now() + 180_000; Date.now() < deadline; await sleep(30)) {
    const id = (await listRunIds(toy.home)).find((one) => !known.includes(one));
    // The door opens when the run is whole on disk.
    if (id === undefined || !existsSync(join(toy.home, 'runs', id, 'server.json'))) continue;
    const { view, live } = await readRun(toy.home, id);
    if (live && view.summary.counts.scored >= count) return id;
  }
  throw new Error(`waited 180 s for a live run with ${count} scored candidates`);
}

/** All that a population is. */
async function population(id: string) {
  const { view, paths } = await readRun(toy.home, id);
  return Promise.all(
    [...view.candidates.values()].map(async ({ id: number, operator, parents, seed, state, summary, search }) => ({
      number,
      operator,
      parents,
      seed,
      state,
      summary,
      score: search?.value,
      program: await readProgramFolder(paths.candidate(number).program),
    })),
  );
}

describe('a recorded run', { timeout: 400_000 }, () => {
  const recording = () => join(toy.home, 'recording');
  let recorded: Awaited<ReturnType<typeof population>>;

  it('is recorded with two workers, faults of the provider included, and no key is in the recording', async () => {
    const settings = ['--workers', '2', '--drafts', '3', '--candidates', String(candidates), '--crossover', '0.4'];
    const made = await run(environment(), '--model', 'gemini:gemini-3-pro-test', '--record', recording(), ...settings);
    assert.equal(made.exitCode, 0, made.stderr);
    recorded = await population(made.id());
    assert.equal(recorded.length, candidates);
    assert.ok(recorded.some(({ operator }) => operator !== 'draft'));
    assert.ok(requests > 12, 'all faults took place');
    for (const name of await readdir(recording(), { recursive: true, withFileTypes: true })) {
      if (!name.isFile()) continue;
      const content = await readFile(join(name.parentPath, name.name), 'utf8');
      assert.ok(!content.includes(apiKey) && !content.includes(btoa(apiKey).slice(0, 20)), name.name);
    }
  });

  it('is replayed without the server and without a key, to the same population, also by another number of workers', async () => {
    const asked = gemini.requests.length;
    for (const workers of ['2', '1']) {
      const again = await run({ AIRA2_VENV: venv }, '--replay', recording(), '--workers', workers);
      assert.equal(again.exitCode, 0, again.stderr);
      assert.match(again.stderr, new RegExp(`${candidates} of ${candidates} candidates are as recorded`));
      assert.deepEqual(await population(again.id()), recorded);
      const { view } = await readRun(toy.home, again.id());
      assert.match(view.summary.caveats.join('\n'), /a replay of run/);
    }
    assert.equal(gemini.requests.length, asked, 'nobody was asked');
  });

  it('says in words where a replay leaves its recording', async () => {
    const changed = join(toy.home, 'changed');
    await cp(recording(), changed, { recursive: true });
    const file = join(changed, 'candidates', '1.json');
    const candidate = JSON.parse(await readFile(file, 'utf8'));
    candidate.context.task.title = 'Another title';
    await writeFile(file, JSON.stringify(candidate));
    const again = await run({ AIRA2_VENV: venv }, '--replay', changed);
    assert.equal(again.exitCode, 5);
    assert.match(
      again.stderr + again.stdout,
      /c1 step 1 act attempt 0 differs from what was asked at contents\[0\].*Linear toy.*Another title/s,
    );
  });

  it('may be killed and resumed on the way: the recording goes on, and replays as a whole', async () => {
    const folder = join(toy.home, 'interrupted');
    const known = await listRunIds(toy.home);
    const settings = ['--workers', '2', '--drafts', '2', '--candidates', '6'];
    brake = new Brake(toy.home, known, ({ summary }) => summary.counts.scored >= 2);
    const killed = run(environment(), '--model', 'gemini:gemini-3-pro-test', '--record', folder, ...settings);
    const id = await liveRun(known, 2);
    const { pid } = JSON.parse(await readFile(join(toy.home, 'runs', id, 'server.json'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    assert.notEqual((await killed).exitCode, 0);
    brake.release();

    const command = (given: Record<string, string>, ...args: string[]) =>
      aira2(args, { home: toy.home, environment: given, timeoutMs: 150_000 });
    const resumed = await command(environment(), 'runs', 'resume', id, '--record', folder, '--json');
    assert.equal(resumed.exitCode, 0, resumed.stderr);
    const whole = await population(id);
    assert.equal(whole.length, 6);
    const again = await run({ AIRA2_VENV: venv }, '--replay', folder);
    assert.equal(again.exitCode, 0, again.stderr + again.stdout);
    assert.deepEqual(await population(again.id()), whole);
  });

  it('is not taken for what it is not', async () => {
    const empty = await run({ AIRA2_VENV: venv }, '--replay', toy.source);
    assert.equal(empty.exitCode, 2);
    assert.match(empty.stderr + empty.stdout, /not made with --record/);
    const taken = await run(environment(), '--model', 'gemini:gemini-3-pro-test', '--record', recording());
    assert.equal(taken.exitCode, 2);
    assert.match(taken.stderr + taken.stdout, /not empty/);
    const both = await run({ AIRA2_VENV: venv }, '--replay', recording(), '--seed', '3');
    assert.equal(both.exitCode, 2);
    const otherRules = join(toy.home, 'recorded-under-other-rules');
    await cp(recording(), otherRules, { recursive: true });
    const head = JSON.parse(await readFile(join(otherRules, 'recording.json'), 'utf8'));
    assert.equal(head.scoringHash, toy.task.scoringHash);
    await writeFile(join(otherRules, 'recording.json'), JSON.stringify({ ...head, scoringHash: 'f'.repeat(64) }));
    const rescored = await run({ AIRA2_VENV: venv }, '--replay', otherRules);
    assert.equal(rescored.exitCode, 2);
    assert.match(rescored.stderr + rescored.stdout, /scored by other rules/);
  });
});
