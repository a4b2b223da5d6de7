/** Where scenarios run: a VS Code with the packaged extension installed. Scenarios know this interface and no more. */
import type { Page } from 'playwright-core';

export interface LaunchOptions {
  /** A folder of its own for everything that VS Code writes; the caller removes it. Keep it short: sockets lie in it. */
  root: string;
  /** The folder that is opened; null opens an empty window. */
  workspace: string | null;
  /** The extension, packed. */
  vsix: string;
  /** The user's settings. */
  settings: Record<string, unknown>;
  /** All of the environment of VS Code and of what it starts. */
  environment: Record<string, string>;
  /** False: the folder is trusted unasked. True: VS Code asks, as it does out of the box. */
  asksForTrust: boolean;
}

/** A VS Code with one window. */
export interface Instance {
  page: Page;
  /** Closes the window and opens the folder again; what was left open may be restored. `page` is another one then. */
  reopen(): Promise<Page>;
  /** Installs a package over the one that is there; the window has to be reloaded. */
  install(vsix: string): Promise<void>;
  /** What VS Code's own processes have written, for a failed scenario's story. Bounded. */
  log(): string;
  dispose(): Promise<void>;
}

export interface Target {
  readonly name: string;
  launch(options: LaunchOptions): Promise<Instance>;
}

/** Size of windows and of every screenshot. */
export const viewport = { width: 1280, height: 800 } as const;

/** Settings that make VS Code quiet and the same each time. A scenario's own come on top. */
export const quietSettings: Record<string, unknown> = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.tips.enabled': false,
  'chat.disableAIFeatures': true,
  'workbench.editor.useModal': 'off',
  'workbench.reduceMotion': 'on',
  'workbench.enableExperiments': false,
  'workbench.colorTheme': 'Dark Modern',
  'window.commandCenter': true,
  'window.dialogStyle': 'custom',
  'window.menuStyle': 'custom',
  'window.titleBarStyle': 'custom',
  'files.simpleDialog.enable': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'git.openRepositoryInParentFolders': 'never',
  'editor.cursorBlinking': 'solid',
};
