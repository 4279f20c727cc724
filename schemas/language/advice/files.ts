import { fileFormatOf } from '../../workflow/actions/file-write.ts';
import { entryOf, nodeAt } from '../../workflow/document.ts';
import { message } from '../../wording/message.ts';
import type { AdviceRule } from './advice.ts';

/** The heading of a new CSV is that of the row which comes first, and jobs come in any order. Where rows are written out as maps, all of them have the same columns. */
export const columnsByChance: AdviceRule = ({ workflows }, say) => {
  for (const { path, steps } of workflows) {
    for (const { step, entry } of steps.values()) {
      if (step.uses !== 'file/write' || step.foreach === undefined) continue;
      const input = entryOf(entry.value, 'with')?.value;
      const row = entryOf(input, 'row') ?? entryOf(input, 'rows');
      if (row === undefined || row.value.kind !== 'scalar' || nodeAt(input, ['csv', 'columns']) !== undefined) continue;
      const [format, file] = ['format', 'path'].map((key) => nodeAt(input, [key])).map((node) => (node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined));
      if ((format ?? (file === undefined ? undefined : fileFormatOf(file))) !== 'csv') continue;
      say(path, row.keyRange, message('The columns of a new file are those of the row that comes first, and a later row with another column is an error. Say which columns the file has: {code}.', { code: '`csv: { columns: [...] }`' }));
    }
  }
};
