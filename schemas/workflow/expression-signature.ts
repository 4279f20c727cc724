import { booleanType, listOf, numberType, textType, unknownType, type ExpressionType, type TypeKind } from './expression-type.ts';

/** What a function takes and gives, by the kinds of its arguments; its names and words are those of its `ExpressionFunction`. */
export interface Signature {
  /** Kinds that each parameter takes, the receiver of a method first; undefined: any. The last one holds for all that follow. */
  readonly takes: readonly (readonly TypeKind[] | undefined)[];
  readonly gives: ExpressionType | ((args: readonly ExpressionType[]) => ExpressionType);
}

const any = undefined;
const text = ['text'] as const;
const number = ['number'] as const;
const list = ['list'] as const;
const sized = ['text', 'list', 'map'] as const;
const timestamp = ['timestamp'] as const;
const time = ['timestamp', 'duration'] as const;
const timestampType: ExpressionType = { kind: 'timestamp' };

/** Of the functions that stand alone. */
export const globalSignatures: ReadonlyMap<string, Signature> = new Map<string, Signature>([
  ['success', { takes: [], gives: booleanType }],
  ['failure', { takes: [], gives: booleanType }],
  ['cancelled', { takes: [], gives: booleanType }],
  ['always', { takes: [], gives: booleanType }],
  ['contains', { takes: [['text', 'list'], any], gives: booleanType }],
  ['startsWith', { takes: [text, text], gives: booleanType }],
  ['endsWith', { takes: [text, text], gives: booleanType }],
  ['format', { takes: [text, any], gives: textType }],
  ['join', { takes: [list, text], gives: textType }],
  ['toJSON', { takes: [any], gives: textType }],
  ['fromJSON', { takes: [text], gives: unknownType }],
  ['now', { takes: [], gives: textType }],
  ['hash', { takes: [any], gives: textType }],
  ['size', { takes: [sized], gives: numberType }],
  ['string', { takes: [any], gives: textType }],
  ['int', { takes: [['number', 'text', 'timestamp', 'duration']], gives: numberType }],
  ['double', { takes: [['number', 'text']], gives: numberType }],
  ['bool', { takes: [['boolean', 'text']], gives: booleanType }],
  ['dyn', { takes: [any], gives: ([value = unknownType]) => value }],
  ['timestamp', { takes: [['text', 'number', 'timestamp']], gives: timestampType }],
  ['duration', { takes: [['text', 'duration']], gives: { kind: 'duration' } }],
]);

/** Of methods. */
export const methodSignatures: ReadonlyMap<string, Signature> = new Map<string, Signature>([
  ['contains', { takes: [['text', 'list'], any], gives: booleanType }],
  ['size', { takes: [sized], gives: numberType }],
  ['join', { takes: [list, text], gives: textType }],
  ...['startsWith', 'endsWith', 'matches'].map((name): [string, Signature] => [name, { takes: [text, text], gives: booleanType }]),
  ...['lowerAscii', 'upperAscii', 'trim'].map((name): [string, Signature] => [name, { takes: [text], gives: textType }]),
  ['charAt', { takes: [text, number], gives: textType }],
  ['substring', { takes: [text, number], gives: textType }],
  ['indexOf', { takes: [text, text], gives: numberType }],
  ['lastIndexOf', { takes: [text, text], gives: numberType }],
  ['replace', { takes: [text, text], gives: textType }],
  ['split', { takes: [text, text], gives: listOf(textType) }],
  ...['getFullYear', 'getMonth', 'getDate', 'getDayOfMonth', 'getDayOfWeek', 'getDayOfYear'].map((name): [string, Signature] => [name, { takes: [timestamp], gives: numberType }]),
  ...['getHours', 'getMinutes', 'getSeconds', 'getMilliseconds'].map((name): [string, Signature] => [name, { takes: [time], gives: numberType }]),
]);

/** The kinds that an argument may have; undefined: any. */
export function takenAt({ takes }: Signature, index: number): readonly TypeKind[] | undefined {
  return takes[Math.min(index, takes.length - 1)];
}

export function resultOf({ gives }: Signature, args: readonly ExpressionType[]): ExpressionType {
  return typeof gives === 'function' ? gives(args) : gives;
}
