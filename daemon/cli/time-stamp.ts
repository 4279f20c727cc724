/** A time as a part of a name, to the second: `20260105T090000Z`. */
export function timeStamp(at: number): string {
  return new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
