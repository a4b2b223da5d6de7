/** Text of models and programs, so that a person sees all of it: nothing in it may hide, or turn round, what stands there. */

/**
 * Marks that change the direction of writing, have no width, or are invisible copies of ASCII. Joiners of scripts and emoji
 * (U+200C, U+200D) and selectors of variants are left alone: there is honest text that needs them.
 */
const unseen =
  /[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;
const control = /[^\P{Cc}\n\t]/gu;

/**
 * Control characters as their pictures (␛), unseen marks by their names (⟨U+202E⟩). Newlines and tabs stay.
 * @example visibleText('a\u202Eb') // 'a⟨U+202E⟩b'
 */
export function visibleText(text: string): string {
  return text.replaceAll(control, picture).replaceAll(unseen, name);
}

function picture(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : name(character);
}

function name(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}
