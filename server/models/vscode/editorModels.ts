/** What this provider needs of the agent server: a way to the models of editors that are attached. */
import type { OfferedModel } from '../../../protocol/clientViews.ts';
import type { ChatMessage, MessagePart, ToolMode, ToolSpec } from '../chatModel.ts';

export interface EditorRequest {
  system: string;
  messages: Pick<ChatMessage, 'role' | 'parts'>[];
  tools: ToolSpec[];
  toolMode: ToolMode;
}

export interface EditorAnswer {
  parts: MessagePart[];
  inputTokens: number | null;
  outputTokens: number | null;
}

export interface EditorModels {
  /** null while no attached editor offers it. */
  find(id: string): OfferedModel | null;
  /** @throws {EditorModelError}; the signal's reason */
  generate(id: string, request: EditorRequest, signal: AbortSignal): Promise<EditorAnswer>;
}

/** `absent`: no editor, or none with this model. `no_permission`: its person does not allow it. */
export type EditorFailure = 'absent' | 'no_permission' | 'blocked' | 'quota' | 'failed' | 'too_long';

export class EditorModelError extends Error {
  override readonly name = 'EditorModelError';
  readonly kind: EditorFailure;

  constructor(kind: EditorFailure, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}
