/**
 * The one door to the component library. It is archived, so nothing outside this folder knows of it: only parts are used that
 * vscode-elements has too. Its tags carry a prefix of ours, because both libraries claim `vscode-*`.
 */
import { provideVSCodeDesignSystem } from '@vscode/webview-ui-toolkit';

type Registry = Parameters<ReturnType<typeof provideVSCodeDesignSystem>['register']>;

/** Defines elements of the toolkit as `tk-*`. Defining one twice does nothing. */
export function useToolkit(...parts: Registry): void {
  provideVSCodeDesignSystem()
    .withPrefix('tk')
    .register(...parts);
}
