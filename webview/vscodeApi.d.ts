/** What VS Code puts into every webview. Only navigation and UI state belongs into `setState`: truth is the server's. */
interface VsCodeApi {
  postMessage(message: unknown): void;
  /** What `setState` was last given in this panel, also before a reload of the window; undefined at first. */
  getState(): unknown;
  setState(state: unknown): void;
}

/** May be called once per page; a second call throws. */
declare function acquireVsCodeApi(): VsCodeApi;
