import type { LineColor } from '../chart-model.ts';

/** The colours and sizes that the theme gives the pictures; a canvas can't look them up by itself. */
export interface Theme {
  readonly lines: Readonly<Record<LineColor, Rgba>>;
  readonly text: string;
  /** There to be seen, and quieter than any line in every theme. */
  readonly grid: string;
  readonly warning: string;
  readonly error: string;
  readonly fontFamily: string;
  readonly isHighContrast: boolean;
}

export function readTheme(): Theme {
  const style = getComputedStyle(document.body);
  const named = (...names: readonly string[]): string | undefined => names.map((name) => style.getPropertyValue(`--vscode-${name}`).trim()).find((value) => value !== '');
  const color = (...names: readonly string[]): string => named(...names) ?? style.color;
  const isLight = document.body.classList.contains('vscode-light') || document.body.classList.contains('vscode-high-contrast-light');
  const isHighContrast = document.body.classList.contains('vscode-high-contrast') || document.body.classList.contains('vscode-high-contrast-light');
  return {
    lines: {
      blue: opaque(color('charts-blue')),
      green: opaque(color('charts-green')),
      // VS Code's own is see-through, and missing in high contrast.
      orange: opaque(named('charts-orange') ?? (isLight ? '#a0480b' : '#ffa657')),
      purple: opaque(color('charts-purple')),
      red: opaque(color('charts-red')),
      yellow: opaque(color('charts-yellow')),
    },
    text: color('descriptionForeground', 'foreground'),
    grid: withAlpha(opaque(color('foreground')), isHighContrast ? 0.28 : 0.13),
    warning: color('editorWarning-foreground', 'charts-yellow'),
    error: color('editorError-foreground', 'charts-red'),
    fontFamily: style.fontFamily,
    isHighContrast,
  };
}

/** `rgba(…)`, which every canvas and SVG understands. */
export type Rgba = `rgba(${string})`;

export function withAlpha(color: Rgba, alpha: number): Rgba {
  return `rgba(${color.slice('rgba('.length, -1).split(',').slice(0, 3).join(',')}, ${alpha})`;
}

/** The same colour without its transparency. Themes write colours in many ways; the browser reads them all. */
function opaque(color: string): Rgba {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) return 'rgba(128, 128, 128, 1)';
  // Read back without being multiplied by its alpha.
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  return `rgba(${red}, ${green}, ${blue}, 1)`;
}

/** VS Code changes classes and variables of the page when the theme changes. */
export function onThemeChange(callback: () => void): void {
  const observer = new MutationObserver(callback);
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
}
