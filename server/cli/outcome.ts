/** What came out of a run that has ended. */
import { type RunReport, renderReport } from '../analysis/report.ts';
import { CliError, exitCodes } from './exitCodes.ts';
import { print } from './output.ts';

/**
 * @param path of the report
 * @throws {CliError} with 5 if nothing could be selected
 */
export function printOutcome(json: boolean, report: RunReport, path: string): void {
  const { run, selected } = report;
  const next = selected === null ? [] : [`Export the program: aira2 runs export ${run.id} --to <folder>`];
  print(json, 'run', { run, selected, report: path }, () => [renderReport(report), ...next].join('\n'));
  if (selected === null) throw new CliError(exitCodes.noResult, `No candidate of run ${run.id} could be selected.`);
}
