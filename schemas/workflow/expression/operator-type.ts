import { message, type Message } from '../../wording/message.ts';
import { alternativesOf, booleanType, type ExpressionType, mayBeAnything, numberType, type PlainType, textType, unionOf, unknownType } from './type.ts';

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
  const isMoment = ({ kind }: PlainType): boolean => kind === 'timestamp' || kind === 'text';
  // Text that says a time is one where the other side shows that a time is meant.
  const arePair = (left.kind === 'timestamp' && isMoment(right)) || (right.kind === 'timestamp' && isMoment(left));
  if (isOrder && arePair) return booleanType;
  if (isOrder) return left.kind === right.kind && ['number', 'text', 'boolean', 'timestamp', 'duration'].includes(left.kind) ? booleanType : undefined;
  if (left.kind === 'number' && right.kind === 'number') return numberType;
  switch (operator) {
    case '+':
      if (left.kind === 'text' && right.kind === 'text') return textType;
      if (left.kind === 'list' && right.kind === 'list') return unionOf([left, right]);
      if (left.kind === 'duration' && right.kind === 'duration') return left;
      return (isMoment(left) && right.kind === 'duration') || (left.kind === 'duration' && isMoment(right)) ? { kind: 'timestamp' } : undefined;
    case '-':
      if (arePair) return { kind: 'duration' };
      if (right.kind !== 'duration') return undefined;
      return isMoment(left) ? { kind: 'timestamp' } : left.kind === 'duration' ? left : undefined;
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
