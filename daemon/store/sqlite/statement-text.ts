/** The statements for lists of columns, by what they do: a few dozen. */
const statements = new Map<string, { readonly columns: readonly string[]; readonly text: string }[]>();

/** The text for a list of columns: found by comparing names, since to put them together for each row takes as long as the row. */
export function statementText(what: string, columns: readonly string[], make: (columns: readonly string[]) => string): string {
  let shapes = statements.get(what);
  if (shapes === undefined) {
    shapes = [];
    statements.set(what, shapes);
  }
  for (const shape of shapes) if (areSame(shape.columns, columns)) return shape.text;
  const text = make(columns);
  shapes.push({ columns, text });
  return text;
}

function areSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}
