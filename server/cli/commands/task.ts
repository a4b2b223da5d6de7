/** `aira2 task …`: list, prepare, check. */
import { Command } from 'commander';
import { formatScoreWithError } from '../../../protocol/score.ts';
import { pythonOf, virtualEnvironment } from '../../api/pythonEnvironment.ts';
import { listTasks } from '../../tasks/catalog.ts';
import { checkTask } from '../../tasks/check.ts';
import { prepareTask } from '../../tasks/prepare.ts';
import { CliError, exitCodes } from '../exitCodes.ts';
import { homeOf } from '../machine.ts';
import { type CommonOptions, withCommon } from '../options.ts';
import { note, print } from '../output.ts';
import { table } from '../table.ts';

export function taskCommand(): Command {
  return new Command('task')
    .description('List, prepare and check tasks.')
    .addCommand(list())
    .addCommand(prepare())
    .addCommand(check());
}

function list(): Command {
  return withCommon(new Command('list'))
    .description('Built-in tasks, and those prepared in this home.')
    .action((options: CommonOptions) => {
      const tasks = listTasks(homeOf(options));
      print(options.json ?? false, 'task list', { tasks }, () =>
        table(
          ['task', 'what', 'kind', 'metric', 'rows for training', 'state'],
          tasks.map((task) => [
            `${task.id}@${task.version}`,
            task.title,
            task.modality,
            `${task.metric.name} (${task.metric.direction})`,
            task.counts === null ? '' : String(task.counts.train),
            task.problem ?? (task.prepared ? 'prepared' : `prepare with: aira2 task prepare ${task.id}`),
          ]),
        ),
      );
    });
}

function prepare(): Command {
  return withCommon(new Command('prepare'))
    .description('Fetch, split and lay down the data of a task. Once is enough; again is cheap.')
    .argument('<task>', 'a built-in task, or the path of a task.yaml or its folder')
    .action(async (reference: string, options: CommonOptions) => {
      const home = homeOf(options);
      const python = pythonOf(virtualEnvironment(home));
      const task = await prepareTask({ home, reference, python, log: note });
      const { manifest, directory, splitHash, counts } = task;
      const name = `${manifest.id}@${manifest.version}`;
      print(options.json ?? false, 'task prepare', { task: name, directory, splitHash, counts }, () =>
        [
          `${name} is in ${directory}`,
          `rows: ${counts.train} for training; hidden: ${counts.search} search, ${counts.validation} validation, ${counts.test} test`,
          `split ${splitHash}`,
        ].join('\n'),
      );
    });
}

function check(): Command {
  return withCommon(new Command('check'))
    .description('Self-test of a prepared task: gold scores the optimum, permuted gold does not, NaN is refused, …')
    .argument('<task>', 'a prepared task, or the path of its manifest')
    .action(async (reference: string, options: CommonOptions) => {
      const home = homeOf(options);
      const python = pythonOf(virtualEnvironment(home));
      const report = await checkTask({ home, reference, python });
      print(options.json ?? false, 'task check', report, () =>
        [
          ...report.findings.map((one) => `${marks[one.status]} ${one.name}: ${one.detail}`),
          ...report.splits.map(
            ({ split, rows, sample }) =>
              `  ${split}: ${rows} rows${sample === null ? '' : `, the sample submission scores ${formatScoreWithError({ value: sample.score, standardError: sample.standardError })}`}`,
          ),
        ].join('\n'),
      );
      if (!report.passed) throw new CliError(exitCodes.noResult, `${report.task} did not pass its self-test.`);
    });
}

const marks = { ok: '✓', warning: '~', failed: '✗' } as const;
