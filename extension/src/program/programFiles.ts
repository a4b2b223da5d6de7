/**
 * Programs of candidates as a read-only file system: `aira2:/<run>/candidate-<n>/<path>`. Its listings come with the first
 * question about a candidate; contents are asked for one by one.
 */
import * as vscode from 'vscode';
import type { ProgramEntry } from '../../../protocol/clientViews.ts';
import type { CandidateId, RunId } from '../../../protocol/run.ts';
import type { AgentServerClient } from '../../../protocol/serverClient.ts';
import { programScheme } from '../ids.ts';
import type { ReadableFiles } from './lazyFileSystem.ts';
import { childrenOf, type ProgramPlace, parsePlace } from './programPlace.ts';

/** Listings that are kept; programs are small, and asked for again in a moment. */
const keptListings = 200;

export class ProgramFiles implements ReadableFiles {
  readonly #client: () => Promise<AgentServerClient>;
  readonly #listings = new Map<string, Promise<readonly ProgramEntry[]>>();

  constructor(client: () => Promise<AgentServerClient>) {
    this.#client = client;
  }

  /** Another server: everything is asked for again. */
  forget(): void {
    this.#listings.clear();
  }

  async list(run: RunId, candidate: CandidateId): Promise<readonly ProgramEntry[]> {
    const key = `${run}/${candidate}`;
    const known = this.#listings.get(key);
    if (known !== undefined) return known;
    const asked = this.#client()
      .then((client) => client.request('candidate.files', { run, candidate }))
      .then(({ files }) => files);
    this.#listings.set(key, asked);
    asked.catch(() => this.#listings.delete(key));
    const [oldest] = this.#listings.keys();
    if (this.#listings.size > keptListings && oldest !== undefined) this.#listings.delete(oldest);
    return asked;
  }

  async read(run: RunId, candidate: CandidateId, path: string): Promise<Uint8Array> {
    const client = await this.#client();
    const { contentBase64 } = await client.request('candidate.file', { run, candidate, path });
    return Buffer.from(contentBase64, 'base64');
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const place = placeOf(uri);
    const folder = { type: vscode.FileType.Directory, ctime: 0, mtime: 0, size: 0 };
    if (place === null) return folder;
    const entries = await this.list(place.run, place.candidate);
    const entry = entries.find(({ path }) => path === place.path);
    if (entry !== undefined)
      return {
        type: vscode.FileType.File,
        ctime: 0,
        mtime: 0,
        size: entry.bytes,
        permissions: vscode.FilePermission.Readonly,
      };
    if (childrenOf(entries, place.path).length === 0) throw vscode.FileSystemError.FileNotFound(uri);
    return folder;
  }

  async readDirectory(uri: vscode.Uri): Promise<[string, vscode.FileType][]> {
    const place = placeOf(uri);
    if (place === null) return [];
    const children = childrenOf(await this.list(place.run, place.candidate), place.path);
    return children.map(({ name, isFolder }) => [name, isFolder ? vscode.FileType.Directory : vscode.FileType.File]);
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const place = placeOf(uri);
    if (place === null || place.path === '') throw vscode.FileSystemError.FileIsADirectory(uri);
    return this.read(place.run, place.candidate, place.path);
  }
}

export function programUri(run: RunId, candidate: CandidateId, path = ''): vscode.Uri {
  return vscode.Uri.from({
    scheme: programScheme,
    path: `/${run}/candidate-${candidate}${path === '' ? '' : `/${path}`}`,
  });
}

/** null for what is above the programs. @throws FileNotFound for what is none */
export function placeOf(uri: vscode.Uri): ProgramPlace | null {
  const parts = uri.path.split('/').filter((part) => part !== '');
  if (parts.length < 2) return null;
  const [run, folder, ...path] = parts;
  const place = parsePlace(run ?? '', folder ?? '', path.join('/'));
  if (place === null) throw vscode.FileSystemError.FileNotFound(uri);
  return place;
}
