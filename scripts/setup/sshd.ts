/** A host on loopback that the tests reach with ssh. Nobody else needs it; where it can be had without side effects, they bring it. */
import { existsSync } from 'node:fs';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { which } from '../../server/setup/executables.ts';
import { type Say, SetupError } from '../../server/setup/step.ts';
import { installSystemPackages, mayInstall } from '../../server/setup/systemPackages.ts';

/** A longer wait than this is not worth it: what depends on sshd is skipped, and says so. */
const patienceS = 60;
/** Asked by Debian's packages before they start a service; 101 forbids it. */
const policy = '/usr/sbin/policy-rc.d';

/** `AIRA2_TEST_SSHD`, else the system's; ordinary users have no `sbin` on their PATH. Null: there is none. */
export function findSshd(): string | null {
  return process.env.AIRA2_TEST_SSHD ?? which('sshd', `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin`);
}

/**
 * Installs sshd for the tests if that can be done here, and soon. Never an error: without it they are skipped. Its service is
 * not started, and where systemd would start it at the next boot, it is left to the person to install it.
 */
export async function offerSshd(say: Say): Promise<void> {
  const isThere = findSshd() !== null && which('ssh') !== null;
  if (isThere || !mayInstall() || existsSync('/run/systemd/system')) return;
  const isOurs = !existsSync(policy);
  try {
    if (isOurs) {
      await writeFile(policy, '#!/bin/sh\nexit 101\n');
      await chmod(policy, 0o755);
    }
    await installSystemPackages(['openssh-server', 'openssh-client'], say, patienceS);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say('sshd: could not be installed; tests of remote hosts are skipped');
  } finally {
    if (isOurs) await rm(policy, { force: true });
  }
}
