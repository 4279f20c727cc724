import type { JsonObject } from '../json.ts';

/**
 * What the language knows of an action: its name and the JSON Schemas (2020-12) of `with` and of a step's `output`.
 * A property that may hold `${{ secrets.NAME }}` bears `"x-secret": true` in the input schema (on a map: all its values).
 * The code that carries an action out stands in `daemon/actions/`, in a file of the same name.
 */
export interface ActionDefinition {
  /** As in `uses`: `http/request`. */
  readonly name: string;
  /** One sentence, shown in completion and in the reference. */
  readonly summary: string;
  readonly input: JsonObject;
  /** Headers that the action sets itself, in lower case; `headers` of `with` can't. */
  readonly ownHeaders?: readonly string[];
  readonly output: JsonObject;
}
