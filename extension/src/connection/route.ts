/** A way to an agent server: on this machine, through ssh, or at an address. */
import type { Target } from '../../../protocol/serverClient.ts';

export interface Route {
  /** Which machine this leads to, for people. */
  readonly machine: string;
  /** True where paths of the server are paths of this machine. */
  readonly isLocal: boolean;
  /** Longest wait between two attempts to come back, in milliseconds. Default: the client's own. */
  readonly maxBackoffMs?: number;
  /** How the machine is called, once the server has said its own name. Default: by that. */
  nameOf?(server: string): string;
  /** A target if a server is there, null if none is. Starts nothing. */
  find(): Promise<Target | null>;
  /** A target whose server is started where there is none. */
  start(report: (step: string) => void): Promise<Target>;
  /** Ends what the route holds open; servers go on. */
  dispose(): Promise<void>;
}
