/** Colours of VS Code's theme, for what CSS does not reach: canvases read them again whenever the theme changes. */

export type ThemeKind = 'light' | 'dark' | 'high-contrast' | 'high-contrast-light';

export function themeKind(): ThemeKind {
  const { classList } = document.body;
  if (classList.contains('vscode-high-contrast-light')) return 'high-contrast-light';
  if (classList.contains('vscode-high-contrast')) return 'high-contrast';
  return classList.contains('vscode-light') ? 'light' : 'dark';
}

export function isHighContrast(): boolean {
  return themeKind().startsWith('high-contrast');
}

/**
 * The first of these colours that the theme has: some are absent in high contrast.
 * @example themeColor(['charts-blue', 'textLink-foreground'])
 */
export function themeColor(names: readonly string[], otherwise = 'currentColor'): string {
  const style = getComputedStyle(document.documentElement);
  for (const name of names) {
    const value = style.getPropertyValue(`--vscode-${name}`).trim();
    if (value !== '') return value;
  }
  return otherwise;
}

/** Calls back once per frame at most after theme, fonts or motion have changed. Returns what ends it. */
export function onThemeChange(changed: () => void): () => void {
  let frame = 0;
  const observer = new MutationObserver(() => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(changed);
  });
  observer.observe(document.body, { attributes: true, attributeFilter: ['class'] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
  return () => {
    cancelAnimationFrame(frame);
    observer.disconnect();
  };
}

/** Whether the person wants less motion: VS Code's own setting, or the system's. */
export function reducedMotion(): boolean {
  return (
    document.body.classList.contains('vscode-reduce-motion') || matchMedia('(prefers-reduced-motion: reduce)').matches
  );
}
