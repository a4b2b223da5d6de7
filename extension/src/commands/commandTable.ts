/** Every command and what it does. One that `ids.ts` names and nobody does is a type error here. */
import type { App } from '../app.ts';
import type { CommandName } from '../ids.ts';
import * as startPanel from '../startRun/startCommands.ts';
import * as candidate from './candidateCommands.ts';
import * as compare from './compareCommands.ts';
import * as model from './modelCommands.ts';
import * as run from './runCommands.ts';
import * as server from './serverCommands.ts';
import * as steer from './steerCommands.ts';
import * as submit from './submitCommands.ts';
import * as task from './taskCommands.ts';
import * as view from './viewCommands.ts';

/** @param args as VS Code hands them over: the row that was clicked, and all that are selected */
export type Command = (app: App, args: readonly unknown[]) => Promise<void> | void;

export const commandTable: { readonly [N in CommandName]: Command } = {
  connect: server.connect,
  startServer: server.startServer,
  retryConnection: server.retryConnection,
  useThisMachine: server.useThisMachine,
  stopServer: server.stopServer,
  restartServer: server.restartServer,
  showServerLog: server.showServerLog,
  doctor: server.doctor,
  setUpEnvironment: server.setUpEnvironment,
  showMenu: server.showMenu,
  setModelKey: model.setModelKey,
  removeModelKey: model.removeModelKey,
  testModel: model.testModel,
  offerModels: model.offerModels,
  refresh: view.refresh,
  setOrder: view.setOrder,
  filterRuns: view.filterRuns,
  clearFilter: view.clearFilter,
  showMore: view.showMore,
  revealInTree: view.revealInTree,
  openWalkthrough: view.openWalkthrough,
  startRun: startPanel.startRunByQuestions,
  startRunWithOptions: startPanel.startRunWithOptions,
  startRunOnTask: startPanel.startRunOnTask,
  openDashboard: run.openDashboard,
  compareRuns: run.compareRuns,
  report: run.report,
  pause: run.pause,
  resume: run.resume,
  stop: run.stop,
  finish: run.finish,
  extend: run.extend,
  unseal: run.unseal,
  exportBest: run.exportBest,
  deleteRun: run.deleteRun,
  openProgram: candidate.openProgram,
  openTrajectory: candidate.openTrajectory,
  openTrajectoryToSide: candidate.openTrajectoryToSide,
  openLog: candidate.openLog,
  compareWithParent: compare.compareWithParent,
  compareWithBest: compare.compareWithBest,
  compareWith: compare.compareWith,
  fork: steer.fork,
  markCrossoverParent: steer.markCrossoverParent,
  clearCrossoverParent: steer.clearCrossoverParent,
  cross: steer.cross,
  editAndSubmit: submit.editAndSubmit,
  submitCandidate: submit.submitCandidate,
  pin: steer.pin,
  unpin: steer.unpin,
  exclude: steer.exclude,
  include: steer.include,
  reevaluate: steer.reevaluate,
  export: candidate.exportCandidate,
  copyReference: candidate.copyReference,
  revealArtefacts: candidate.revealArtefacts,
  openTask: task.openTask,
  openManifest: task.openManifest,
  validateTask: task.validateTask,
  prepareTask: task.prepareTask,
  checkTask: task.checkTask,
};
