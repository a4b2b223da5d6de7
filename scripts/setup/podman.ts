/** podman is one of the other ways to isolate programs. Nobody needs it; where root runs the tests, they cover it too. */
import { which } from '../../server/setup/executables.ts';
import { type Say, SetupError } from '../../server/setup/step.ts';
import { installSystemPackages, mayInstall } from '../../server/setup/systemPackages.ts';

/** A longer wait than this is not worth it: what depends on podman is skipped, and says so. */
const patienceS = 60;

/** Installs podman for the tests if that can be done here, and soon. Never an error: without it they are skipped. */
export async function offerPodman(say: Say): Promise<void> {
  if (which('podman') !== null || !mayInstall()) return;
  try {
    // crun, which it would choose by itself, fails on systems that have both versions of control groups.
    await installSystemPackages(['podman', 'runc'], say, patienceS);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say('podman: could not be installed; its tests are skipped');
  }
}
