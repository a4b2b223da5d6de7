/** Names of models that are offered where a person chooses one. Any other can be typed. */

/** As their providers call them, known to work, best first. */
export const suggestedModels = {
  gemini: ['gemini-3.1-pro-preview', 'gemini-3.7-flash', 'gemini-3.5-flash-lite'],
  openai: ['gpt-5.2', 'gpt-5.4-mini'],
} as const satisfies Record<string, readonly [string, ...string[]]>;
