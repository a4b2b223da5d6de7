/** Colours of VS Code's theme for what is drawn on canvases. Read again whenever the theme changes. */
import { isHighContrast, themeColor } from '../frame/theme.ts';

export interface Palette {
  background: string;
  foreground: string;
  muted: string;
  grid: string;
  /** Round what is selected and what has the pointer. */
  selection: string;
  scored: string;
  running: string;
  evaluating: string;
  failed: string;
  abandoned: string;
  /** The best so far, and the path that led to it. */
  best: string;
  reference: string;
  /** A line round every mark, where the theme asks for one. */
  outline: string | null;
  /** For lines that stand for one of several things: told apart by their dashes too. */
  series: readonly string[];
}

/** Where a person's system decides on colours, only its own few are left, and shapes must tell the rest. */
const forced: Palette = {
  background: 'Canvas',
  foreground: 'CanvasText',
  muted: 'GrayText',
  grid: 'GrayText',
  selection: 'Highlight',
  scored: 'CanvasText',
  running: 'CanvasText',
  evaluating: 'CanvasText',
  failed: 'CanvasText',
  abandoned: 'GrayText',
  best: 'Highlight',
  reference: 'CanvasText',
  outline: 'CanvasText',
  series: ['CanvasText', 'Highlight', 'LinkText', 'GrayText'],
};

export function readPalette(): Palette {
  if (matchMedia('(forced-colors: active)').matches) return forced;
  const foreground = themeColor(['foreground', 'editor-foreground'], 'CanvasText');
  const color = (...names: string[]) => themeColor(names, foreground);
  const contrast = isHighContrast() ? color('contrastBorder', 'foreground') : null;
  return {
    background: themeColor(['editor-background'], 'Canvas'),
    foreground,
    muted: color('descriptionForeground', 'foreground'),
    grid: contrast ?? color('editorIndentGuide-background1', 'panel-border', 'charts-lines'),
    selection: color('focusBorder', 'charts-foreground'),
    scored: color('charts-blue', 'charts-foreground'),
    running: color('charts-yellow', 'charts-foreground'),
    evaluating: color('charts-purple', 'charts-yellow'),
    failed: color('charts-red', 'errorForeground'),
    abandoned: color('disabledForeground', 'descriptionForeground'),
    best: color('charts-green', 'charts-foreground'),
    reference: color('descriptionForeground', 'foreground'),
    outline: contrast,
    // Without orange: themes have it see-through, or not at all.
    series: ['charts-blue', 'charts-yellow', 'charts-purple', 'charts-green', 'charts-red', 'charts-foreground'].map(
      (name) => color(name, 'charts-foreground'),
    ),
  };
}
