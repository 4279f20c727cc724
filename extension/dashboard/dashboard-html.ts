export interface DashboardHtmlOptions {
  /** Where files of the extension may be loaded from, as the content security policy has it. */
  readonly source: string;
  readonly script: string;
  readonly style: string;
  readonly title: string;
  readonly language: string;
  /** New for each page, so that no other script could run in it. */
  readonly nonce: string;
}

/**
 * The page that the dashboard's script fills. It can load its script and its style and nothing else: no other script, no inline style, no
 * picture, no font, no connection.
 */
export function dashboardHtml({ source, script, style, title, language, nonce }: DashboardHtmlOptions): string {
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${source}`;
  return `<!DOCTYPE html>
<html lang="${escapeHtml(language)}">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="stylesheet" href="${escapeHtml(style)}">
  <title>${escapeHtml(title)}</title>
</head>
<body>
  <div id="dashboard"></div>
  <script nonce="${nonce}" src="${escapeHtml(script)}"></script>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
