/** What a command says of itself, bounded. */
import type { Readable } from 'node:stream';

/** Reads a stream that says little, and keeps its first 8 KiB. */
export function collect(stream: Readable | null): () => string {
  let text = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (piece: string) => {
    text = (text + piece).slice(0, 8192);
  });
  return () => text;
}
