/** Programs as long as real ones (about 4 KB), no two alike: what the store, prompts and near-duplicate checks have to carry. */
const lines = 110;

/** @returns its text in base64, the same for the same name */
export function simulatedProgram(name: string): string {
  let state = [...name].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) >>> 0, 7);
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 8;
  };
  const body = Array.from(
    { length: lines },
    (_, line) => `value_${next() % 1000} = step_${next() % 50}(${next() % 10_000}, ${line})`,
  );
  return Buffer.from(`"""Program ${name}."""\nimport os\n${body.join('\n')}\n`).toString('base64');
}
