/** `aira2 doctor`: what this machine has, what it lacks, what it cannot enforce, and how to mend each. */
import { Command } from 'commander';
import type { DoctorReport } from '../../../protocol/clientViews.ts';
import { homeDirectory } from '../../../protocol/discovery.ts';
import { examineMachine } from '../../api/doctor.ts';
import { createModel } from '../../models/registry.ts';
import { CliError, exitCodes } from '../exitCodes.ts';
import { type CommonOptions, withCommon } from '../options.ts';
import { print } from '../output.ts';

export function doctorCommand(): Command {
  return withCommon(new Command('doctor'))
    .description('Check this machine: what is missing, what cannot be enforced, and how to fix it.')
    .option(
      '--model <model>',
      'also call this model, to check its key, name and tools; one of your own server also gets a long prompt',
    )
    .action(async ({ model: id, ...options }: CommonOptions & { model?: string }) => {
      const { env } = process;
      const model = id === undefined ? {} : { model: { id, create: () => createModel(id, env) } };
      const report = await examineMachine({ home: homeDirectory(options.home), environment: env, ...model });
      print(options.json ?? false, 'doctor', report, () => report.checks.map(words).join('\n'));
      if (!report.ok) throw new CliError(exitCodes.environment, 'Something is missing: see above.');
    });
}

const marks = { ok: '✓', limited: '~', missing: '✗' } as const;

function words({ name, state, detail, fix }: DoctorReport['checks'][number]): string {
  return `${marks[state]} ${name}: ${detail}${fix === null ? '' : `\n    fix: ${fix}`}`;
}
