import Table from 'cli-table3';
import type { Format, View } from '../terminal.ts';
import { indent, oneLine } from './format.ts';
import { cutTo, widthOf } from './text-width.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly format?: (row: Row) => Format | undefined;
  readonly align?: 'left' | 'right';
  /** May be cut off down to this many columns where the terminal is narrow. */
  readonly shrinkTo?: number;
  /** What is cut off; the end if it is missing. */
  readonly cut?: 'end' | 'middle';
  /** May be left out where the terminal is narrow; the greatest goes first. */
  readonly dropOrder?: number;
  /** A value that says nothing; a column that has nothing else is left out before any other. */
  readonly blank?: string;
}

interface MeasuredColumn<Row> extends Column<Row> {
  readonly width: number;
}

const gap = '  ';
const borders = [
  'top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right',
  'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid',
] as const; // prettier-ignore

/** Columns of text under their titles. On a terminal it fits the width; in a pipe (`width` undefined) nothing is cut off. */
export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], { width, style }: View): string {
  const cells = new Map(columns.map((column) => [column.title, rows.map((row) => oneLine(column.value(row)))]));
  const measured = columns.map((column) => {
    const values = cells.get(column.title) ?? [];
    const isBlank = column.blank !== undefined && values.every((value) => value === column.blank);
    return { ...column, ...(isBlank ? { dropOrder: Infinity } : {}), width: widest([column.title, ...values]) };
  });
  const fitting = width === undefined ? measured : fit(measured, width);

  const table = new Table({
    head: fitting.map(({ title }) => style('dim', title)),
    colWidths: fitting.map((column) => column.width),
    colAligns: fitting.map(({ align }) => align ?? 'left'),
    chars: { ...Object.fromEntries(borders.map((name) => [name, ''])), middle: gap },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  for (const [index, row] of rows.entries()) {
    table.push(fitting.map((column) => style(column.format?.(row), cutTo(cells.get(column.title)?.[index] ?? '', column.width, column.cut))));
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, widthOf(text)), 1);
}

/** Narrows the widest column that may be, then leaves out what may be, until the rest fits. */
function fit<Row>(columns: readonly MeasuredColumn<Row>[], width: number): readonly MeasuredColumn<Row>[] {
  const excess = columns.reduce((sum, column) => sum + column.width, 0) + gap.length * (columns.length - 1) - width;
  if (excess <= 0) return columns;
  const room = columns.reduce((sum, column) => sum + spare(column), 0);
  const isBlank = columns.some(({ dropOrder }) => dropOrder === Infinity);
  if (!isBlank && room >= excess) return narrow(columns, excess);

  const droppable = columns.filter(({ dropOrder }) => dropOrder !== undefined);
  const victim = droppable.sort((a, b) => (b.dropOrder ?? 0) - (a.dropOrder ?? 0))[0];
  if (victim === undefined) return narrow(columns, room);
  return fit(
    columns.filter((column) => column !== victim),
    width,
  );
}

function narrow<Row>(columns: readonly MeasuredColumn<Row>[], by: number): readonly MeasuredColumn<Row>[] {
  const widths = columns.map((column) => column.width);
  for (let left = by; left > 0; left--) {
    let widestIndex = -1;
    for (const [index, column] of columns.entries()) {
      const canGive = (widths[index] ?? 0) > (column.shrinkTo ?? Infinity);
      if (canGive && (widestIndex < 0 || (widths[index] ?? 0) > (widths[widestIndex] ?? 0))) widestIndex = index;
    }
    if (widestIndex < 0) break;
    widths[widestIndex] = (widths[widestIndex] ?? 0) - 1;
  }
  return columns.map((column, index) => ({ ...column, width: widths[index] ?? column.width }));
}

function spare<Row>({ width, shrinkTo }: MeasuredColumn<Row>): number {
  return shrinkTo === undefined ? 0 : Math.max(0, width - shrinkTo);
}

/** Names and values beneath each other, the values aligned. */
export function renderFields(fields: readonly (readonly [name: string, value: string])[], { style }: View): string {
  const width = Math.max(0, ...fields.map(([name]) => name.length));
  return indent(fields.map(([name, value]) => `${style('dim', name.padEnd(width))}  ${value}`).join('\n'));
}
