/** The id of a workflow that a person calls so: `Spring letter 2` becomes `spring_letter_2`; undefined where no letter is in it. */
export function workflowIdFrom(name: string): string | undefined {
  const words = name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 60);
  if (!/[a-z]/.test(words)) return undefined;
  return /^\d/.test(words) ? `_${words}` : words;
}
