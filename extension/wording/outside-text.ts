/** One line of text from outside, at most `maxChars` long: an answer of a server could hold anything. */
export function oneLine(text: string, maxChars = 200): string {
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\s]+/g, ' ').trim();
  return line.length <= maxChars ? line : `${line.slice(0, maxChars - 1)}…`;
}

/** Text from outside within Markdown: nothing in it is markup, a link or an icon. */
export function escapeMarkdown(text: string): string {
  return oneLine(text, 500)
    .replace(/[\\`*_{}[\]()#+\-.!|~<>&]/g, '\\$&')
    .replace(/\$\(/g, '$\\(');
}
