/** A text as it is in a snippet, where `$`, `}` and `\` mean something. */
export function snippetText(text: string): string {
  return text.replace(/[\\$}]/g, '\\$&');
}
