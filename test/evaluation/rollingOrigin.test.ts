/** Forecasting tasks: three runs with growing history, of which only the first may be heard of before the run is unsealed. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { AttackBench, failureOf, honestScore, scoreOf } from './attackBench.ts';

const history = `
months = sorted({row['month'] for row in csv.DictReader(open(os.environ['AIRA_TRAIN_DIR'] + '/train.csv'))})
forecast = sorted({row['month'] for row in inputs})
labels = re.findall(r'7310\\.\\d{6}', open(os.environ['AIRA_TRAIN_DIR'] + '/train.csv').read())
`;

describe('a forecasting task', { timeout: 300_000 }, () => {
  let bench: AttackBench;
  before(async () => {
    bench = await AttackBench.start({ rollingOrigin: true });
  });
  after(async () => {
    await bench?.[Symbol.asyncDispose]();
  });

  test('shows the search run nothing of later than its origin, and scores three forecasts in all', async () => {
    const outcome = await bench.send(`${history}
report(last=months[-1], first=forecast[0], months=len(forecast), labels=labels, data=sorted(os.listdir('/data')))
honest()
`);
    assert.ok(honestScore(scoreOf(outcome)));
    const { last, first, months, labels, data } = outcome.report;
    assert.ok(String(last) < String(first), `history to ${last}, forecast from ${first}`);
    assert.equal(months, 4);
    assert.deepEqual(data, ['eval', 'train']);
    assert.ok((labels as string[]).every((label) => !bench.toy.hiddenLabels.has(label)));
    assert.deepEqual(outcome.kept, ['sealed-runs.json', 'search.csv.gz', 'test.csv.gz', 'validation.csv.gz']);
    const { validation, test: sealedTest, sealedRuns } = outcome.unsealed;
    assert.ok(honestScore(validation?.value ?? 0) && honestScore(sealedTest?.value ?? 0));
    assert.deepEqual(
      sealedRuns.map(({ run, failure }) => [run.split, run.exitCode, failure]),
      [
        ['validation', 0, null],
        ['test', 0, null],
      ],
    );
  });

  test('lets no word out of the later runs, whose history holds the labels of the earlier ones', async () => {
    // The bench asserts that no hidden label is in the outcome; the later runs print hundreds.
    const outcome = await bench.send(`${history}
print(' '.join(labels))
honest()
if len(months) > 28:
    sys.exit('failed with ' + labels[-1])
`);
    assert.ok(honestScore(scoreOf(outcome)));
    assert.deepEqual(
      outcome.runs.map(({ split, exitCode }) => [split, exitCode]),
      [['search', 0]],
    );
    assert.deepEqual([outcome.unsealed.validation, outcome.unsealed.test], [null, null]);
    assert.deepEqual(
      outcome.unsealed.sealedRuns.map(({ failure }) => failure?.kind),
      ['program_error', 'program_error'],
    );
  });

  test('runs nothing on the later splits for a program that fails on the first', async () => {
    const outcome = await bench.send('honest(); sys.exit(1)');
    assert.equal(failureOf(outcome), 'program_error');
    assert.deepEqual(outcome.kept, []);
    assert.deepEqual(outcome.unsealed, { validation: null, test: null, problems: [], sealedRuns: [] });
  });

  test('keeps nothing of one run for the next', async () => {
    const outcome = await bench.send(`
left = [p for d in ('/out', '/workspace', '/tmp', '/dev/shm') for p in glob.glob(d + '/left-behind')]
for folder in ('/out', '/workspace', '/tmp', '/dev/shm'):
    open(folder + '/left-behind', 'w').write('x')
honest()
sys.exit(len(left))
`);
    scoreOf(outcome);
    assert.deepEqual(
      outcome.unsealed.sealedRuns.map(({ run }) => run.exitCode),
      [0, 0],
    );
  });
});
