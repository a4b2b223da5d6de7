/** Words of models and programs inside our own markdown: they stay words, whatever they are made of. */

/**
 * Every character that markdown, HTML or an automatic link could give a meaning to is escaped; line breaks stay line breaks.
 * @example escapeMarkdown('[x](command:y)') // '\\[x\\]\\(command\\:y\\)'
 */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll(/[!-/:-@[-`{-~]/g, '\\$&')
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/\n{2,}/g, '\n\n')
    .replaceAll(/(?<!\n)\n(?!\n)/g, '  \n');
}

/** At most so many characters, cut at a word where there is one, and marked as cut. */
export function shorten(text: string, max: number): string {
  if (text.length <= max) return text;
  const cut = text.slice(0, max - 1);
  const space = cut.lastIndexOf(' ');
  return `${cut.slice(0, space > max / 2 ? space : cut.length).trimEnd()}…`;
}

/** On one line, without what could steer a terminal or hide text. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
}

/**
 * Messages and questions of VS Code have links, also to commands, wherever a text has the form of one: here it has none.
 * @example unlinked('[x](command:y)') // '[x] (command:y)'
 */
export function unlinked(text: string): string {
  return text.replaceAll('](', '] (');
}

/**
 * Lists of choices and the status bar draw the name of an icon as the icon: here it stays what it says.
 * @example iconless('$(flame)') // '\\$(flame)'
 */
export function iconless(text: string): string {
  return text.replaceAll('$(', '\\$(');
}

/** A fence that the text cannot close. */
export function codeBlock(text: string, language = ''): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}
