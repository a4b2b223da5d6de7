/** The server itself. */
import { meetingVersion } from '../../api/serverInfo.ts';
import type { Methods } from '../methods.ts';
import type { ServerParts } from '../server.ts';

export function selfMethods({
  info,
  stop,
  log,
  changed,
}: ServerParts): Pick<Methods, 'hello' | 'server.get' | 'server.stop'> {
  return {
    hello: ({ protocol, build, kind, name }, { session }) => {
      const version = meetingVersion(protocol);
      session.hello = { kind, name, build };
      log.info({ client: session.number, kind, name, build }, 'a client has come');
      changed();
      return { protocol: version, server: info() };
    },
    'server.get': () => info(),
    'server.stop': ({ how }, { session }) => {
      log.info({ client: session.number, how }, 'a client ends this server');
      stop(how);
      return {};
    },
  };
}
