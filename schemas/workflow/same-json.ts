import { isJsonObject, type Json } from './json.ts';

/** Whether both are the same value, whatever the order of their keys. */
export function isSameJson(one: Json, other: Json): boolean {
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((value: Json, index) => isSameJson(value, other[index] as Json));
  if (!isJsonObject(one) || !isJsonObject(other)) return one === other;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => Object.hasOwn(other, key) && isSameJson(one[key] ?? null, other[key] ?? null));
}
