import type { CsvType } from '../../schemas/workflow/csv-format.ts';
import { inexactText } from '../../schemas/workflow/exact-json.ts';

const integer = /^[+-]?\d+$/;
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const booleans: Readonly<Record<string, boolean>> = { true: true, yes: true, '1': true, false: false, no: false, '0': false };

/**
 * The JSON text of a cell. An empty one that is asked for as something else than text is `null`. `problem`: why it isn't of that type, as the rest of a sentence.
 * A number that would be rounded is a problem, and never becomes another one.
 */
export function csvCell(cell: string, type: CsvType): string | { readonly problem: string } {
  if (type === 'text') return JSON.stringify(cell);
  if (cell === '') return 'null';
  switch (type) {
    case 'integer':
      return integer.test(cell) ? exactly(cell) : { problem: `${shown(cell)} is not a whole number` };
    case 'number': {
      if (decimal.test(cell)) return exactly(cell);
      const hint = /^[+-]?\d[\d.]*,\d+$/.test(cell) ? ": a number has a decimal point. Leave the column text, and use `double(item.COLUMN.replace(',', '.'))`" : '';
      return { problem: `${shown(cell)} is not a number${hint}` };
    }
    case 'boolean': {
      const key = cell.toLowerCase();
      return Object.hasOwn(booleans, key) ? String(booleans[key]) : { problem: `${shown(cell)} is neither true nor false` };
    }
  }
}

function exactly(cell: string): string | { readonly problem: string } {
  const value = Number(cell);
  if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) return JSON.stringify(value);
  return { problem: `${inexactText(cell)}, or leave the column text`.replace(': write it as text, in quotes, or', ':') };
}

function shown(cell: string): string {
  return JSON.stringify(cell.length > 40 ? `${cell.slice(0, 40)}…` : cell);
}
