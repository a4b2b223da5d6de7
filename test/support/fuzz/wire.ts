/** A WebSocket client that can also do everything wrong: frames by hand, over a Unix socket. */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

const most = 64 * 1024;

export class Wire {
  readonly #socket: Socket;
  /** The end of what came: answers are looked for in it as text, which their frames leave readable. */
  #heard = '';
  #listeners = new Set<() => void>();

  private constructor(socket: Socket, onAnswer: (kind: string) => void) {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => {
      const text = bytes.toString('latin1');
      for (const [, code, kind] of text.matchAll(/"code":(-?\d+)|"(result|method)":/g)) onAnswer(code ?? kind ?? '');
      this.#heard = (this.#heard + text).slice(-most);
      for (const listener of this.#listeners) listener();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      for (const listener of this.#listeners) listener();
    });
  }

  /** @param onAnswer is told of error codes and results as they come @throws if the server does not let it in within 20 s */
  static async open(
    path: string,
    role: string,
    token: string,
    onAnswer: (kind: string) => void = () => undefined,
  ): Promise<Wire> {
    const socket = connect(path);
    const wire = new Wire(socket, onAnswer);
    socket.write(
      [
        `GET /${role} HTTP/1.1`,
        ...['Host: localhost', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
        ...[`Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`, `Authorization: Bearer ${token}`, '', ''],
      ].join('\r\n'),
    );
    await wire.#until(() => wire.#heard.includes('\r\n\r\n') || socket.destroyed, 20_000, 'no answer to the handshake');
    if (!wire.#heard.startsWith('HTTP/1.1 101')) {
      socket.destroy();
      throw new Error(`was not let in: ${wire.#heard.slice(0, 100)}`);
    }
    return wire;
  }

  /** One frame of a client: masked, whole. @param opcode 1 text, 2 binary */
  static frameOf(payload: Buffer, mask: Buffer, opcode: number): Buffer {
    const length = payload.length;
    const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
    head[0] = 0x80 | opcode;
    head[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
    if (head.length === 4) head.writeUInt16BE(length, 2);
    if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
    const masked = Buffer.from(payload);
    for (let at = 0; at < length; at += 1) masked[at] = (masked[at] ?? 0) ^ (mask[at % 4] ?? 0);
    return Buffer.concat([head, mask, masked]);
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  send(text: string): void {
    this.sendBytes(Wire.frameOf(Buffer.from(text), randomBytes(4), 1));
  }

  sendBytes(bytes: Buffer): void {
    if (this.isOpen) this.#socket.write(bytes);
  }

  /** Asks for what no method does, and waits for the refusal. @throws if none comes while the connection stands */
  async answered(name: string, ms: number): Promise<void> {
    const id = `${name} ${randomBytes(6).toString('hex')}`;
    this.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'nobody.does.this', params: {} }));
    await this.#until(() => this.#heard.includes(id) || !this.isOpen, ms, `no answer to ${id}`);
  }

  close(): void {
    this.#socket.destroy();
  }

  async #until(condition: () => boolean, ms: number, complaint: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => {
      if (condition()) resolve();
    };
    const late = setTimeout(() => reject(new Error(complaint)), ms);
    this.#listeners.add(look);
    look();
    try {
      await promise;
    } finally {
      clearTimeout(late);
      this.#listeners.delete(look);
    }
  }
}
