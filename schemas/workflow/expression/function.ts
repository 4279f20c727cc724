import type { ExpressionFunction, FunctionEntry } from './argument.ts';
import { encodingFunctions } from './functions/encoding.ts';
import { generalFunctions, generalMethods } from './functions/general.ts';
import { listFunctions, listMethods } from './functions/list.ts';
import { mapMethods } from './functions/map.ts';
import { numberFunctions } from './functions/number.ts';
import { textMethods } from './functions/text.ts';
import { timeFunctions, timeMethods } from './functions/time.ts';

/**
 * All that expressions can call, by name. Workflows are kept as they were written, and are evaluated by later versions: so a name that is
 * here stays, with its meaning, and one that is added must have been an error before.
 */
type FunctionTable = ReadonlyMap<string, ExpressionFunction>;

/** What stands alone: `contains(a, b)`. A name with a dot is in a namespace, as CEL's extensions have them: `math.round(x)`. */
export const globalFunctions: FunctionTable = tableOf(generalFunctions, timeFunctions, numberFunctions, listFunctions, encodingFunctions);

/** Methods: `text.trim()`. The receiver is the first parameter. */
export const methodFunctions: FunctionTable = tableOf(generalMethods, textMethods, listMethods, mapMethods, timeMethods);

/** What stands before the dot of the functions that have one. */
export const namespaces: ReadonlySet<string> = new Set([...globalFunctions.keys()].filter((name) => name.includes('.')).map((name) => name.slice(0, name.indexOf('.'))));

function tableOf(...entries: readonly (readonly FunctionEntry[])[]): FunctionTable {
  return new Map(entries.flat());
}
