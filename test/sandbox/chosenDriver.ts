/** Which driver the tests of this process are about: bubblewrap, unless a file chooses another before it loads them. */
import type { SandboxDriverName } from '../../protocol/run.ts';

let chosen: SandboxDriverName = 'bwrap';

/** To be called before `fixture.ts` is loaded. */
export function chooseDriver(name: SandboxDriverName): void {
  chosen = name;
}

export function chosenDriver(): SandboxDriverName {
  return chosen;
}
