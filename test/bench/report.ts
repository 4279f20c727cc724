import Table from 'cli-table3';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { formatTarget, formatValue, isMet, type Figure } from './figure.ts';

export interface Report {
  readonly name: string;
  readonly figures: readonly Figure[];
  /** Why nothing could be measured. */
  readonly failure?: string;
}

const docsFile = path.resolve(import.meta.dirname, '../../docs/benchmarks.md');
const docsMark = '<!-- Figures: written by `npm run bench -- --write-docs` -->';

export function textReport(reports: readonly Report[]): string {
  const table = new Table({ head: ['', 'figure', 'measured', 'target', 'met?', ''], style: { head: [], border: [] }, colAligns: ['left', 'left', 'right', 'right', 'left', 'left'] });
  for (const { name, figures, failure } of reports) {
    for (const [index, figure] of figures.entries()) table.push([index === 0 ? name : '', ...cells(figure)]);
    if (failure !== undefined) table.push([name, { colSpan: 5, content: `✗ could not be measured: ${failure}` }]);
  }
  return `${table.toString()}\n${summary(reports)}`;
}

export function jsonReport(reports: readonly Report[]): string {
  const plain = reports.map(({ name, figures, failure }) => ({
    name,
    ...(failure === undefined ? {} : { failure }),
    figures: figures.map((figure) => ({ ...figure, met: isMet(figure) ?? null })),
  }));
  return JSON.stringify(plain, undefined, 2);
}

/** Renews the rows of what was measured in the table at the end of `docs/benchmarks.md`; the others stay. `order`: of the names. */
export async function writeDocs(reports: readonly Report[], order: readonly string[]): Promise<void> {
  const text = await readFile(docsFile, 'utf8');
  const end = text.indexOf(docsMark);
  if (end === -1) throw new Error(`${docsFile} has no line ${docsMark}`);
  const rows = new Map(order.map((name) => [name, text.slice(end).split('\n').filter((line) => line.startsWith(`| ${name} | `))]));
  for (const { name, figures, failure } of reports) {
    rows.set(name, [
      ...figures.map((figure) => `| ${[name, ...cells(figure)].join(' | ')} |`),
      ...(failure === undefined ? [] : [`| ${name} | could not be measured: ${failure} | | | | |`]),
    ]);
  }
  const head = '| | figure | measured | target | met? | |\n| --- | --- | ---: | ---: | --- | --- |';
  await writeFile(docsFile, `${text.slice(0, end)}${docsMark}\n\n${head}\n${[...rows.values()].flat().join('\n')}\n`);
}

function cells(figure: Figure): string[] {
  const met = isMet(figure);
  const word = met === undefined ? '' : met ? '✓ met' : '✗ not met';
  return [figure.what, formatValue(figure.value, figure.unit), formatTarget(figure), word, figure.note ?? ''];
}

function summary(reports: readonly Report[]): string {
  const judged = reports.flatMap(({ figures }) => figures.map(isMet)).filter((met) => met !== undefined);
  const failed = reports.filter(({ failure }) => failure !== undefined).length;
  const met = judged.filter(Boolean).length;
  return `${met} of ${judged.length} targets met${failed === 0 ? '' : `; ${failed} could not be measured`}`;
}
