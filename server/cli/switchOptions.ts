/** The options that take a part of the method away: the paper's ablations. */
import { type Command, Option } from 'commander';
import { EvaluationMode, OperatorMode, type RunSwitches, SearchMode } from '../../protocol/runSwitches.ts';

export type SwitchOptions = RunSwitches;

/** As commander names them: a replay has those of its recording. */
export const switchOptionNames = ['search', 'operators', 'evaluation'];

export function withSwitchOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--search <mode>', 'best-of-k: agents know nothing of each other; random-drafts: they keep apart')
        .choices(SearchMode.options)
        .default('evolution'),
    )
    .addOption(
      new Option('--operators <mode>', 'single-turn: one answer of the model is one program, and no tools')
        .choices(OperatorMode.options)
        .default('react'),
    )
    .addOption(
      new Option('--evaluation <mode>', 'self-reported: programs are believed; hidden scores come at the end only')
        .choices(EvaluationMode.options)
        .default('hidden'),
    );
}
