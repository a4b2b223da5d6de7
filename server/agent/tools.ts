/** The three tools of an agent (§3.4): stateful bash, stateful python, submit. */
import * as z from 'zod';
import { ToolName } from '../../protocol/trajectory.ts';
import type { ToolSpec } from '../models/chatModel.ts';

const timeout = z
  .number()
  .positive()
  .describe('Seconds until the command is interrupted. Default and maximum: the limit you were told.');

const toolArguments = {
  bash: z.strictObject({
    command: z
      .string()
      .min(1)
      .describe('What to run in your bash session. State (directory, variables, jobs) is kept between calls.'),
    timeout_s: timeout.optional(),
  }),
  python: z.strictObject({
    code: z.string().min(1).describe('Code for your Jupyter kernel. Variables and imports are kept between calls.'),
    timeout_s: timeout.optional(),
  }),
  submit: z.strictObject({
    directory: z
      .string()
      .startsWith('/')
      .default('/workspace/program')
      .describe('Folder that holds the whole program.'),
    summary: z
      .string()
      .min(1)
      .max(2000)
      .describe('One line: what this program does, and what it does differently from its parents.'),
  }),
} as const;

const descriptions: Record<ToolName, string> = {
  bash: 'Run a command in a stateful bash session in your sandbox.',
  python: 'Run code in a stateful Jupyter (ipykernel) session in the same sandbox.',
  submit:
    'Submit the program for hidden evaluation. It is run once from a clean slate. This ends your work: only files in the folder are taken.',
};

export const toolSpecs: ToolSpec[] = ToolName.options.map((name) => {
  const { $schema: _, ...parameters } = z.toJSONSchema(toolArguments[name], { io: 'input' });
  return { name, description: descriptions[name], parameters };
});

export type ToolRequest =
  | { name: 'bash'; command: string; timeout_s?: number | undefined }
  | { name: 'python'; code: string; timeout_s?: number | undefined }
  | { name: 'submit'; directory: string; summary: string };

/** @returns the request, or in words what is wrong with the call and how it should look. */
export function parseToolCall(name: string, args: unknown): { request: ToolRequest } | { problem: string } {
  const tool = ToolName.safeParse(name);
  if (!tool.success) return { problem: `There is no tool "${name}". Tools: ${ToolName.options.join(', ')}.` };
  switch (tool.data) {
    case 'bash':
      return withName('bash', toolArguments.bash.safeParse(args));
    case 'python':
      return withName('python', toolArguments.python.safeParse(args));
    case 'submit':
      return withName('submit', toolArguments.submit.safeParse(args));
  }
}

function withName<N extends ToolName, T extends object>(
  name: N,
  parsed: z.ZodSafeParseResult<T>,
): { request: T & { name: N } } | { problem: string } {
  if (parsed.success) return { request: { ...parsed.data, name } };
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'arguments'}: ${issue.message}`);
  const schema = toolSpecs.find((spec) => spec.name === name)?.parameters;
  return { problem: `Bad arguments for ${name}: ${issues.join('; ')}. Schema: ${JSON.stringify(schema)}` };
}
