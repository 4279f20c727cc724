/** Names of secrets that a text refers to (`${{ secrets.ERP_TOKEN }}`), each once. A comment may name one too, which does no harm here. */
export function namedSecrets(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/\bsecrets\.([A-Za-z_][A-Za-z0-9_]*)/g)].map((match) => match[1] ?? ''))];
}
