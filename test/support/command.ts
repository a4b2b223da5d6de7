/** Runs the `aira2` command as a person would: the real program, in a process of its own, with a home of the test's. */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const program = fileURLToPath(new URL('../../bin/aira2.js', import.meta.url));

export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** @param environment beside PATH; API keys of the machine are left out */
export async function aira2(
  args: string[],
  {
    home,
    environment = {},
    timeoutMs = 60_000,
    cwd = process.cwd(),
  }: { home: string; environment?: Record<string, string>; timeoutMs?: number; cwd?: string },
): Promise<CommandResult> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [program, ...args], {
    reject: false,
    stdin: 'ignore',
    timeout: timeoutMs,
    cwd,
    extendEnv: false,
    env: { PATH: process.env.PATH ?? '', HOME: home, AIRA2_HOME: home, ...environment },
  });
  return { exitCode: exitCode ?? -1, stdout, stderr };
}
