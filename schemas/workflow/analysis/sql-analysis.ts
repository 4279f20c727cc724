import { type DocumentNode, entryOf, type MapNode, type ScalarNode, toJson } from '../document.ts';
import { parameterProblem, type SqlProblem, statementProblem } from '../sql/sql-statement.ts';
import type { TemplateReader } from './template-reader.ts';

/** Checks the statement of `sql/query` and, as far as they are written out, the values for it. A version that was kept is run as it is. */
export function checkQuery(templates: TemplateReader, input: MapNode, query: ScalarNode): void {
  const { report } = templates;
  if (report.isKept) return;
  const text = String(query.value);
  const tell = ({ message, start, end, suggestion }: SqlProblem): void => report.error('bad-query', templates.rangeIn(query, { start, end }), message, suggestion === undefined ? [] : [suggestion]);
  const write = entryOf(input, 'write')?.value;
  const statement = statementProblem(text, mayWrite(write));
  if (statement !== undefined) {
    tell(statement);
    return;
  }
  const params = entryOf(input, 'params')?.value;
  // An expression gives the list or the map.
  if (params?.kind === 'scalar' && params.value !== null) return;
  const problem = parameterProblem(text, params === undefined ? undefined : toJson(params));
  if (problem !== undefined) tell(problem);
}

function mayWrite(node: DocumentNode | undefined): boolean | undefined {
  if (node === undefined) return false;
  return node.kind === 'scalar' && typeof node.value === 'boolean' ? node.value : undefined;
}
