/**
 * Every name that package.json and the code share. A command, view, context key or setting that one of them lacks is a type
 * error (`commandTable.ts`) or a failing test (`contributions.test.ts`).
 */
import type { PanelCommand } from '../../protocol/panels.ts';

export const commandNames = [
  // Of the server and the machine.
  'connect',
  'startServer',
  'retryConnection',
  'useThisMachine',
  'stopServer',
  'restartServer',
  'showServerLog',
  'doctor',
  'setUpEnvironment',
  'showMenu',
  // Of models.
  'setModelKey',
  'removeModelKey',
  'testModel',
  'offerModels',
  // Of the views.
  'refresh',
  'setOrder',
  'filterRuns',
  'clearFilter',
  'showMore',
  'revealInTree',
  'openWalkthrough',
  // Of runs.
  'startRun',
  'startRunWithOptions',
  'openDashboard',
  'compareRuns',
  'report',
  'pause',
  'resume',
  'stop',
  'finish',
  'extend',
  'unseal',
  'exportBest',
  'deleteRun',
  // Of candidates.
  'openProgram',
  'openTrajectory',
  'openTrajectoryToSide',
  'openLog',
  'compareWithParent',
  'compareWithBest',
  'compareWith',
  'fork',
  'markCrossoverParent',
  'clearCrossoverParent',
  'cross',
  'editAndSubmit',
  'submitCandidate',
  'pin',
  'unpin',
  'exclude',
  'include',
  'reevaluate',
  'export',
  'copyReference',
  'revealArtefacts',
  // Of tasks.
  'openTask',
  'openManifest',
  'validateTask',
  'prepareTask',
  'checkTask',
  'startRunOnTask',
] as const;
/** A command's id without its prefix `aira2.`. */
export type CommandName = (typeof commandNames)[number];

/** Run programs, or change runs that do: disabled, and refused, in Restricted Mode. */
export const trustedCommands: ReadonlySet<CommandName> = new Set<CommandName>([
  'startServer',
  'setUpEnvironment',
  'testModel',
  'startRun',
  'startRunWithOptions',
  'startRunOnTask',
  'resume',
  'extend',
  'fork',
  'markCrossoverParent',
  'cross',
  'editAndSubmit',
  'submitCandidate',
  'reevaluate',
  'validateTask',
  'prepareTask',
  'checkTask',
]);

export function commandId<N extends CommandName>(name: N): `aira2.${N}` {
  return `aira2.${name}`;
}

/** What a panel may ask for is a command like any other. */
export const panelCommandsAreCommands: PanelCommand extends CommandName ? true : never = true;

export const View = { runs: 'aira2.runs', workers: 'aira2.workers', tasks: 'aira2.tasks' } as const;
export type ViewId = (typeof View)[keyof typeof View];

/** What `when` clauses read, and the values each can have. */
export interface ContextKeys {
  /** See `LinkState`; `none` before anything was looked for. */
  'aira2.link': 'none' | 'absent' | 'connecting' | 'connected' | 'lost' | 'failed';
  'aira2.pythonMissing': boolean;
  'aira2.filtered': boolean;
  'aira2.hasRuns': boolean;
  /** A candidate waits for the other parent of a crossover. */
  'aira2.marked': boolean;
  /** The server is on another machine: paths are not paths of this one. */
  'aira2.elsewhere': boolean;
}
export type ContextKey = keyof ContextKeys;
export const contextKeys: { [K in ContextKey]: true } = {
  'aira2.link': true,
  'aira2.pythonMissing': true,
  'aira2.filtered': true,
  'aira2.hasRuns': true,
  'aira2.marked': true,
  'aira2.elsewhere': true,
};

/** Settings and their types, below `aira2.`. */
export interface Settings {
  home: string;
  python: string;
  'server.url': string;
  'server.sshHost': string;
  'server.sshConfigFile': string;
  'tasks.folders': string[];
  'runs.order': 'lineage' | 'ranking' | 'time';
  'notifications.runEnded': boolean;
}
export type SettingName = keyof Settings;
export const settingNames: { [N in SettingName]: true } = {
  home: true,
  python: true,
  'server.url': true,
  'server.sshHost': true,
  'server.sshConfigFile': true,
  'tasks.folders': true,
  'runs.order': true,
  'notifications.runEnded': true,
};

/** Read-only programs of candidates. */
export const programScheme = 'aira2';
/** Texts that the server writes: reports, logs, task descriptions, the doctor's findings. */
export const documentScheme = 'aira2-text';
/** Never opened: carries a candidate's state to its decoration. */
export const decorationScheme = 'aira2-candidate';

export const panelViewTypes = {
  trajectory: 'aira2.trajectory',
  dashboard: 'aira2.dashboard',
  compare: 'aira2.compare',
  start: 'aira2.start',
} as const;

export const languageModelTools = ['aira2_listRuns', 'aira2_readCandidate', 'aira2_fork', 'aira2_startRun'] as const;
export type LanguageModelToolName = (typeof languageModelTools)[number];

export const walkthroughId = 'aira2.start';
