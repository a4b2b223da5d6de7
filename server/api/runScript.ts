/** `run.sh` of an exported program: its evaluation's environment, on the folders of this machine. */
import { join } from 'node:path';
import { runEnvironment } from '../evaluation/runContract.ts';
import type { PreparedTask } from '../tasks/preparedTask.ts';

/** A shell script for any POSIX shell. Each variable is free to be set beforehand. */
export function runScript(task: PreparedTask, seed: number): string {
  const { limits, run } = task.manifest;
  const outDirectory = 'out';
  const variables = {
    ...runEnvironment(task, { seed, cpus: limits.cpus, outDirectory }),
    AIRA_TRAIN_DIR: join(task.publicDirectory, 'train'),
    AIRA_EVAL_DIR: join(task.publicDirectory, 'eval'),
  };
  const exports = Object.entries(variables).map(([name, value]) => {
    const word = name === 'AIRA_OUT_DIR' ? `"$here"/${quoted(value)}` : quoted(value);
    return `[ -n "\${${name}:-}" ] || ${name}=${word}; export ${name}`;
  });
  const command = run.cmd.map((word) => (word === 'python' ? '"$PYTHON"' : quoted(word)));
  return `#!/bin/sh
# Runs the program as its evaluation did: same data, seed and threads. PYTHON and every variable below may be set beforehand.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
${exports.join('\n')}
mkdir -p -- "$AIRA_OUT_DIR"
if [ -z "\${PYTHON:-}" ]; then
  [ -x "$here/.venv/bin/python" ] || { python3 -m venv "$here/.venv" && "$here/.venv/bin/python" -m pip install --quiet -r "$here/requirements.txt"; }
  PYTHON="$here/.venv/bin/python"
fi
cd -- "$here/program"
exec ${command.join(' ')}
`;
}

/** One word for a shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
