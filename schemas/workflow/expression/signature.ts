import { message, type Message } from '../../wording/message.ts';
import { alternativesOf, booleanType, type ExpressionType, listOf, mayBeAnything, numberType, type PlainType, textType, type TypeKind, unionOf, unknownType } from './type.ts';

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

export type OperatorOutcome =
  | { readonly kind: 'type'; readonly type: ExpressionType }
  /** The operator fails on whatever the operands can be. */
  | { readonly kind: 'mismatch'; readonly hint: Message | undefined }
  /** A comparison that no values can meet. */
  | { readonly kind: 'never-equal' };

/** What an operator gives, by all that its operands can be. */
export function operatorResult(operator: string, left: ExpressionType, right: ExpressionType): OperatorOutcome {
  switch (operator) {
    case '==':
    case '!=':
      return canBeEqual(left, right) ? { kind: 'type', type: booleanType } : { kind: 'never-equal' };
    case 'in':
      return inResult(right);
    default:
      break;
  }
  const results = alternativesOf(left).flatMap((a) => alternativesOf(right).flatMap((b) => resultOfKinds(operator, a, b) ?? []));
  return results.length > 0 ? { kind: 'type', type: unionOf(results) } : { kind: 'mismatch', hint: hintFor(operator, left, right) };
}

function inResult(right: ExpressionType): OperatorOutcome {
  const kinds = alternativesOf(right).map(({ kind }) => kind);
  if (kinds.some((kind) => kind === 'list' || kind === 'map' || kind === 'unknown')) return { kind: 'type', type: booleanType };
  return { kind: 'mismatch', hint: kinds.includes('text') ? message('It looks into lists and maps; for text, write contains(text, part).') : message('It looks into lists and maps.') };
}

function resultOfKinds(operator: string, left: PlainType, right: PlainType): ExpressionType | undefined {
  const isOrder = operator === '<' || operator === '<=' || operator === '>' || operator === '>=';
  if (left.kind === 'unknown' || right.kind === 'unknown') return isOrder ? booleanType : unknownType;
  if (isOrder) return left.kind === right.kind && ['number', 'text', 'boolean', 'timestamp', 'duration'].includes(left.kind) ? booleanType : undefined;
  if (left.kind === 'number' && right.kind === 'number') return numberType;
  switch (operator) {
    case '+':
      if (left.kind === 'text' && right.kind === 'text') return textType;
      if (left.kind === 'list' && right.kind === 'list') return unionOf([left, right]);
      if (left.kind === 'duration' && right.kind === 'duration') return left;
      if (left.kind === 'timestamp' && right.kind === 'duration') return left;
      return left.kind === 'duration' && right.kind === 'timestamp' ? right : undefined;
    case '-':
      if (left.kind === 'timestamp' && right.kind === 'timestamp') return { kind: 'duration' };
      return (left.kind === 'timestamp' || left.kind === 'duration') && right.kind === 'duration' ? left : undefined;
    default:
      return undefined;
  }
}

/** Values of two kinds are never equal, and neither are texts that have none in common. */
function canBeEqual(left: ExpressionType, right: ExpressionType): boolean {
  // Asking for null is how people ask whether something is there.
  if (mayBeAnything(left) || mayBeAnything(right) || left.kind === 'null' || right.kind === 'null') return true;
  return alternativesOf(left).some((a) =>
    alternativesOf(right).some((b) => {
      if (a.kind !== b.kind) return false;
      if (a.kind !== 'text' || b.kind !== 'text' || a.values === undefined || b.values === undefined) return true;
      return a.values.some((value) => b.values?.includes(value));
    }),
  );
}

function hintFor(operator: string, left: ExpressionType, right: ExpressionType): Message | undefined {
  const isText = (type: ExpressionType): boolean => alternativesOf(type).some(({ kind }) => kind === 'text');
  const isNumber = (type: ExpressionType): boolean => alternativesOf(type).some(({ kind }) => kind === 'number');
  if (operator === '+' && (isText(left) || isText(right))) return message('To make text of a value, write string(value), or {code}.', { code: "format('{0} {1}', a, b)" });
  return isNumber(left) !== isNumber(right) && (isText(left) || isText(right)) ? message('To make a number of text, write double(text).') : undefined;
}
