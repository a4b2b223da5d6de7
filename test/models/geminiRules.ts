/**
 * What Google's server refuses, as its own 400s put it. Signatures are made from the call they stand on and the model that
 * made it, so that a call which was changed, moved or taken to another model is found out.
 */
import { createHmac } from 'node:crypto';
import * as z from 'zod';

const sentinel = 'skip_thought_signature_validator';

const Part = z
  .strictObject({
    text: z.string().optional(),
    thought: z.boolean().optional(),
    thoughtSignature: z.string().optional(),
    functionCall: z
      .strictObject({
        id: z.string().optional(),
        name: z.string().min(1),
        args: z.record(z.string(), z.unknown()).optional(),
      })
      .optional(),
    functionResponse: z
      .strictObject({ id: z.string().optional(), name: z.string().min(1), response: z.record(z.string(), z.unknown()) })
      .optional(),
  })
  .refine((part) => part.text !== undefined || part.functionCall !== undefined || part.functionResponse !== undefined, {
    error: 'Unable to submit request because it must have a data field.',
  });
export type Part = z.infer<typeof Part>;

const Content = z.strictObject({
  role: z.enum(['user', 'model']).optional(),
  parts: z.array(Part).min(1, 'Unable to submit request because it must include at least one parts field.'),
});
type Content = z.infer<typeof Content>;

const Mode = z.enum(['AUTO', 'ANY', 'NONE', 'VALIDATED']);

export const GenerateBody = z.strictObject({
  contents: z.array(Content).min(1, 'contents is not specified'),
  systemInstruction: z.strictObject({ role: z.string().optional(), parts: z.array(Part).min(1) }).optional(),
  tools: z
    .array(
      z.strictObject({
        functionDeclarations: z.array(
          z.strictObject({
            name: z.string().regex(/^[a-zA-Z_][\w.-]{0,63}$/),
            description: z.string(),
            parametersJsonSchema: z.record(z.string(), z.unknown()).optional(),
          }),
        ),
      }),
    )
    .optional(),
  toolConfig: z
    .strictObject({
      functionCallingConfig: z.strictObject({ mode: Mode, allowedFunctionNames: z.array(z.string()).optional() }),
    })
    .optional(),
  generationConfig: z
    .strictObject({
      maxOutputTokens: z.int().min(1).max(65_536).optional(),
      seed: z
        .int()
        .min(-(2 ** 31))
        .max(2 ** 31 - 1)
        .optional(),
      temperature: z.number().optional(),
      thinkingConfig: z.looseObject({}).optional(),
    })
    .optional(),
});
export type GenerateBody = z.infer<typeof GenerateBody>;

/** The signature that this server puts on a call of that model. */
export function signatureOf(model: string, call: NonNullable<Part['functionCall']>): string {
  const signed = JSON.stringify([model, call.name, call.args ?? {}, call.id ?? null]);
  return createHmac('sha256', 'the signing key of the fake server').update(signed).digest('base64');
}

function callsIn(content: Content | undefined) {
  return (content?.parts ?? []).flatMap((part) => part.functionCall ?? []);
}

function responsesIn(content: Content | undefined) {
  return (content?.parts ?? []).flatMap((part) => part.functionResponse ?? []);
}

function turnProblem(contents: readonly Content[], index: number): string | null {
  const content = contents[index];
  const previous = contents[index - 1];
  const calls = callsIn(content);
  const responses = responsesIn(content);
  if (calls.length > 0 && (previous === undefined || previous.role === 'model'))
    return 'Please ensure that function call turn comes immediately after a user turn or after a function response turn.';
  if (calls.length > 0 && responsesIn(contents[index + 1]).length !== calls.length)
    return 'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.';
  if (responses.length === 0) return null;
  const asked = callsIn(previous);
  if (asked.length === 0)
    return 'Please ensure that function response turn comes immediately after a function call turn.';
  const fits = responses.every(({ id, name }, at) => asked[at]?.name === name && asked[at]?.id === id);
  return fits ? null : 'Please ensure that function responses match the function calls in name, id and order.';
}

function signatureProblem(model: string, content: Content, index: number): string | null {
  const first = content.parts.find((part) => part.functionCall !== undefined);
  if (first?.functionCall === undefined) return null;
  const place = `function call \`default_api:${first.functionCall.name}\`, position ${index + 1}`;
  if (first.thoughtSignature === undefined)
    return `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, ${place}.`;
  const known =
    first.thoughtSignature === sentinel || first.thoughtSignature === signatureOf(model, first.functionCall);
  return known ? null : `Thought signature is not valid. Additional data, ${place}.`;
}

/** @returns the message of the 400 that this request earns, or null if it is acceptable */
export function problemWith(model: string, body: GenerateBody): string | null {
  const { contents, tools, toolConfig } = body;
  if (contents[0]?.role === 'model') return 'Please ensure that the first content is of a user turn.';
  if (toolConfig?.functionCallingConfig.mode === 'ANY' && (tools ?? []).length === 0)
    return 'Function calling config is set without function_declarations.';
  for (const [index, content] of contents.entries()) {
    const problem = turnProblem(contents, index) ?? signatureProblem(model, content, index);
    if (problem !== null) return problem;
  }
  return null;
}
