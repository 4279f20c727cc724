import { commonDelimiters, delimiterName } from '../../schemas/workflow/csv-format.ts';

/** Records that are compared at most. */
const maxCompared = 100;

/** How many of each delimiter one record has outside of quotes, in the order of `commonDelimiters`. */
type Counts = readonly number[];

/**
 * The delimiter of a CSV, by its beginning: the one that the heading has, and that every record has as often. A file without any has one column, and a comma. `problem`: more
 * than one is as good; the rest of a sentence that begins with the file's name.
 *
 * `isWhole`: there is nothing after `start`, which otherwise may end in the middle of a record.
 */
export function findDelimiter(start: string, isWhole: boolean): { readonly delimiter: string } | { readonly problem: string } {
  const records = countDelimiters(start, isWhole);
  const heading = records[0] ?? [];
  const inHeading = commonDelimiters.map((_, index) => index).filter((index) => (heading[index] ?? 0) > 0);
  const steady = inHeading.filter((index) => records.every((counts) => counts[index] === heading[index]));
  const most = Math.max(...inHeading.map((index) => heading[index] ?? 0));
  // Where none is steady, the file is broken; the error that names the row then has the likeliest.
  const found = steady.length > 0 ? steady : inHeading.filter((index) => heading[index] === most);
  const delimiters = found.map((index) => commonDelimiters[index] ?? ',');
  const [first = ',', ...others] = delimiters;
  if (others.length === 0) return { delimiter: first };
  const named = delimiters.map((one) => `"${delimiterName(one)}"`);
  return { problem: `could be separated by ${named.join(' or by ')}: say which, such as \`csv: { delimiter: ${JSON.stringify(delimiterName(first))} }\`` };
}

/** The delimiter that Excel writes into a first line of its own: `sep=;`. */
export function announcedDelimiter(start: string): string | undefined {
  return /^"?sep=([^\r\n"])"?[ \t]*(?:[\r\n]|$)/i.exec(start)?.[1];
}

function countDelimiters(start: string, isWhole: boolean): readonly Counts[] {
  const records: Counts[] = [];
  let counts = commonDelimiters.map(() => 0);
  let isQuoted = false;
  let isBlank = true;
  const endRecord = (): void => {
    if (!isBlank) records.push(counts);
    counts = commonDelimiters.map(() => 0);
    isBlank = true;
  };
  for (const character of start) {
    if (character === '"') isQuoted = !isQuoted;
    if (!isQuoted && (character === '\n' || character === '\r')) {
      endRecord();
      if (records.length === maxCompared) return records;
      continue;
    }
    isBlank &&= character === ' ';
    const index = isQuoted ? -1 : (commonDelimiters as readonly string[]).indexOf(character);
    if (index >= 0) counts[index] = (counts[index] ?? 0) + 1;
  }
  // A heading that is longer than what was read is all that there is to go by.
  if (isWhole || records.length === 0) endRecord();
  return records;
}
