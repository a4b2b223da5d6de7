/** Whether something listens at an address of this machine. */
import { connect } from 'node:net';

const patienceMs = 1000;

/** @param address a socket's path, or `127.0.0.1:<port>` */
export function canConnect(address: string): Promise<boolean> {
  const port = /^127\.0\.0\.1:(\d+)$/.exec(address)?.[1];
  return new Promise((resolve) => {
    const socket = port === undefined ? connect(address) : connect(Number(port), '127.0.0.1');
    const settle = (is: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(is);
    };
    const timer = setTimeout(() => settle(false), patienceMs);
    socket.on('connect', () => settle(true));
    socket.on('error', () => settle(false));
  });
}
