/** Columns of text for a terminal, as wide as they need. */
import Table from 'cli-table3';

const bare = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

export function table(head: string[], rows: string[][]): string {
  const plain = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 };
  const result = new Table({ head, chars: bare, style: plain });
  result.push(...rows);
  return result
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
