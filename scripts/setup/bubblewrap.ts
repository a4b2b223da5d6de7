/** bubblewrap isolates every program that an agent writes. Set-up installs it where it can and proves that it works. */
import { which } from '../../server/setup/executables.ts';
import { runQuietly, type Say, SetupError } from '../../server/setup/step.ts';
import { installCommand, installSystemPackages, mayInstall } from '../../server/setup/systemPackages.ts';

/** The conventional number of the user `nobody`: stands for any ordinary user in the trial below. */
const nobody = 65534;

/** Starts the smallest sandbox that has all the namespaces the real one has, as an ordinary user. */
async function trial(bwrap: string) {
  const namespaces = ['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-net'];
  const rights = [
    '--uid',
    '0',
    '--gid',
    '0',
    '--disable-userns',
    '--cap-drop',
    'ALL',
    '--die-with-parent',
    '--new-session',
  ];
  const view = ['--ro-bind', '/', '/', '--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp'];
  const user = process.getuid?.() === 0 ? { user: nobody } : {};
  return runQuietly(bwrap, [...namespaces, ...rights, ...view, 'true'], 30, user);
}

/** Words for the usual reasons why an ordinary user may not make namespaces. */
function remedy(output: string): string {
  if (/unknown option|--disable-userns/i.test(output)) return 'This bubblewrap is older than 0.8: install a newer one.';
  if (/setting up uid map|permission denied|operation not permitted|no permissions|namespace/i.test(output))
    return [
      'This kernel does not let ordinary users make namespaces. As root, whichever of these exists:',
      '  sysctl -w kernel.unprivileged_userns_clone=1',
      '  sysctl -w user.max_user_namespaces=15000',
      '  sysctl -w kernel.apparmor_restrict_unprivileged_userns=0   (Ubuntu 24.04 and later)',
      'In a container, its seccomp profile must allow unshare and mount (docker: --security-opt seccomp=unconfined).',
    ].join('\n');
  return 'Run `bwrap --ro-bind / / true` as an ordinary user to see more.';
}

/**
 * Finds bubblewrap, installing it where that is possible, and starts a sandbox with it.
 * @returns the path of `bwrap`
 * @throws {SetupError} if it is missing and not installable, or does not work for an ordinary user
 */
export async function ensureBubblewrap(say: Say): Promise<string> {
  let bwrap = which('bwrap');
  if (bwrap === null && mayInstall()) {
    await installSystemPackages(['bubblewrap'], say);
    bwrap = which('bwrap');
  }
  if (bwrap === null)
    throw new SetupError('sandbox', `bubblewrap is not installed. Run: ${installCommand('bubblewrap')}`);
  const outcome = await trial(bwrap);
  if (!outcome.ok)
    throw new SetupError(
      'sandbox',
      `bubblewrap is here and does not work:\n${outcome.output}\n${remedy(outcome.output)}`,
    );
  say(`sandbox: bubblewrap works (${bwrap})`);
  return bwrap;
}
