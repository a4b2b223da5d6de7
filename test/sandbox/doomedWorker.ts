/** A worker that is about to be killed: opens a sandbox with a shell and a kernel, says so, and waits. Run by lifetime.test.ts. */

import { SandboxDriverName } from '../../protocol/run.ts';
import { AgentSandbox } from '../../server/worker/agentSandbox.ts';
import { createSandboxDriver } from '../../server/worker/sandbox/drivers.ts';

const [driverName, venv = '', mark = '', task] = process.argv.slice(2);
const limits = { cpus: 2, memoryMb: 500, diskMb: 32, pids: 100 };
const driver = await createSandboxDriver(SandboxDriverName.parse(driverName));
process.stdout.write('starting\n');
const agent = await AgentSandbox.open(driver, {
  id: 'doomed',
  slot: 30,
  cpuList: [],
  gpuUuid: null,
  venv,
  spec: { mounts: [], environment: { AIRA_TEST_MARK: mark }, limits, files: [] },
});
if (task === 'interrupt') {
  const { text } = await agent.bash('sleep 100', 500);
  process.stdout.write(`${JSON.stringify(text)}\n`);
  await agent.close();
} else {
  await agent.python('import subprocess; subprocess.Popen(["sleep", "900"], start_new_session=True)', 60_000);
  await agent.bash('(setsid setsid sleep 900 &) ; nohup sleep 900 >/dev/null 2>&1 & sleep 901 &', 20_000);
  process.stdout.write('ready\n');
  void agent.bash('sleep 902', 600_000);
  setInterval(() => undefined, 1000);
}
