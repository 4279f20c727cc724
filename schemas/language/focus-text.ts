/** Texts up to this many lines are left whole, in lines. */
const smallLines = 150;

/**
 * A text of the same lines, in which all is blank that lies away from one line: the other entries of its top-level key, and what is
 * below the other top-level keys. So a question about a place of a long file costs what it costs in a short one.
 *
 * It goes by indentation alone, so it works on text that is being typed; what it can't tell apart stays.
 */
export function focusText(text: string, line: number): string {
  const lines = text.split('\n');
  if (lines.length <= smallLines) return text;
  const section = blockAround(lines, { from: 0, to: lines.length }, line, 0);
  const indent = indentBelow(lines, section);
  const entry = indent === 0 ? section : blockAround(lines, section, line, indent);
  return lines
    .map((one, index) => {
      const stays = (index >= entry.from && index < entry.to) || index === section.from || indentOf(one) === 0;
      return stays ? one : '';
    })
    .join('\n');
}

interface Block {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** The lines of the entry, of those that begin at an indentation, that a line belongs to. */
function blockAround(lines: readonly string[], { from, to }: Block, line: number, indent: number): Block {
  let start = Math.min(line, to - 1);
  while (start > from && !(isText(lines[start]) && indentOf(lines[start]) <= indent && start <= line)) start -= 1;
  let end = line + 1;
  while (end < to && !(isText(lines[end]) && indentOf(lines[end]) <= indent)) end += 1;
  return { from: start, to: end };
}

/** The indentation of the first line below a section's own; 0 where it has none. */
function indentBelow(lines: readonly string[], { from, to }: Block): number {
  for (let index = from + 1; index < to; index += 1) {
    if (isText(lines[index])) return indentOf(lines[index]);
  }
  return 0;
}

/** Neither blank nor a comment. */
function isText(line: string | undefined): boolean {
  return line !== undefined && /^\s*[^\s#]/.test(line);
}

function indentOf(line: string | undefined): number {
  return line?.search(/\S|$/) ?? 0;
}
