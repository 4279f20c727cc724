import { message, type Message } from '../../wording/message.ts';

/** Of one part of a path, in bytes: the most that file systems take. */
const maxNameBytes = 255;
/** What Windows takes for no name, and invisible signs, which some file systems leave out when they compare names. */
const unusableSigns = /[<>:"|?*\\\p{Cc}\p{Cf}]/u;
const devices = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;
const workflowFile = /\.sluice\.ya?ml$/i;
const expressions = /\$\{\{[^]*?\}\}/g;

/**
 * What is wrong with the path of a file that a step writes; undefined if nothing is. Such a path often comes from data, so it is narrower than that of a file which is read: no
 * part may begin with a dot (there programs have their settings: `.sluice`, `.git`, `.env`), and workflows are not written. Names that not every system takes are refused on all.
 */
export function outputPathProblem(path: string): Message | undefined {
  const shown = JSON.stringify(path.slice(0, 200));
  if (path.startsWith('/') || path.includes('\\') || /^[a-z]:/i.test(path)) return message("{path} must be named relative to the project's folder, with / between folders.", { path: shown });
  if (path === '' || path.endsWith('/')) return message('{path} names no file.', { path: shown });
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    const name = JSON.stringify(part.slice(0, 100));
    if (part === '..') return message("{path} has \"..\": name the file from the project's folder.", { path: shown });
    if (part.startsWith('.')) return message('{path} has the hidden name {name}. Nothing is written to names that begin with a dot, because programs keep their settings there.', { path: shown, name });
    if (unusableSigns.test(part) || devices.test(part) || /[. ]$/.test(part) || new TextEncoder().encode(part).length > maxNameBytes) return message('{path} has the name {name}, which not every system takes.', { path: shown, name });
  }
  return workflowFile.test(path) ? message('{path} would be a workflow, and steps write no workflows.', { path: shown }) : undefined;
}

/** The same for a path that may hold expressions: what is written around them is judged. */
export function writtenPathProblem(path: string): Message | undefined {
  const plain = path.replace(expressions, 'x');
  return plain === path || !/^\s*$/.test(path.replace(expressions, '')) ? outputPathProblem(plain) : undefined;
}
