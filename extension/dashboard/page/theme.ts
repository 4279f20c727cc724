import type { LineColor } from '../chart-model.ts';

/** The colours and sizes that the theme gives the pictures; a canvas can't look them up by itself. */
export interface Theme {
  readonly lines: Readonly<Record<LineColor, string>>;
  readonly text: string;
  readonly grid: string;
  readonly warning: string;
  readonly error: string;
  readonly fontFamily: string;
  readonly isHighContrast: boolean;
}

export function readTheme(): Theme {
  const style = getComputedStyle(document.body);
  const color = (...names: readonly string[]): string => names.map((name) => style.getPropertyValue(`--vscode-${name}`).trim()).find((value) => value !== '') ?? style.color;
  return {
    lines: {
      blue: color('charts-blue'),
      green: color('charts-green'),
      orange: color('charts-orange'),
      purple: color('charts-purple'),
      red: color('charts-red'),
      yellow: color('charts-yellow'),
    },
    text: color('descriptionForeground', 'foreground'),
    grid: color('editorIndentGuide-background1', 'editorIndentGuide-background', 'panel-border', 'contrastBorder'),
    warning: color('editorWarning-foreground', 'charts-yellow'),
    error: color('editorError-foreground', 'charts-red'),
    fontFamily: style.fontFamily,
    isHighContrast: document.body.classList.contains('vscode-high-contrast') || document.body.classList.contains('vscode-high-contrast-light'),
  };
}

/** VS Code changes classes and variables of the page when the theme changes. */
export function onThemeChange(callback: () => void): void {
  const observer = new MutationObserver(callback);
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
}
