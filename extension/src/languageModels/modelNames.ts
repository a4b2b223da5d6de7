/** Names of the editor's models on the wire, and its refusals. */
import { bridgeRefusals } from '../../../protocol/client.ts';
import { RpcRefusal } from '../../../protocol/rpcErrors.ts';

export interface Selector {
  vendor: string;
  id: string;
}

/** `copilot/gpt-5.2`: what may stand after `vscode:`. */
export function offeredId({ vendor, id }: Selector): string {
  return `${vendor}/${id}`.replaceAll(/[^\w.:/-]/g, '-').slice(0, 200);
}

/** @param code of VS Code's `LanguageModelError` */
export function refusalOf(code: string, message: string): RpcRefusal {
  const words = message === '' ? code : message;
  switch (code) {
    case 'NoPermissions':
      return new RpcRefusal(bridgeRefusals.noPermission, words);
    case 'NotFound':
      return new RpcRefusal(bridgeRefusals.notFound, words);
    case 'Blocked':
      // Blocked by the editor's filter, or, just as often, out of quota.
      return new RpcRefusal(isQuota(words) ? bridgeRefusals.quota : bridgeRefusals.blocked, words);
    default:
      return new RpcRefusal(isQuota(words) ? bridgeRefusals.quota : bridgeRefusals.failed, words);
  }
}

function isQuota(words: string): boolean {
  return /quota|rate.?limit|too many requests|exceeded/i.test(words);
}
