import { CodedError } from '../../schemas/protocol/error.ts';
import { english } from '../../schemas/wording/language.ts';
import { message } from '../../schemas/wording/message.ts';
import { placeOf } from './postgres/store-error.ts';
import { isSamePlace, storePlaceOf, type StorePlace, type StorePlaceParams } from './store-place.ts';

/** What a person should know who has changed where the store is, while a daemon uses the one that it has opened; undefined if nothing has changed. */
export function storeChange(used: StorePlace, sources: StorePlaceParams): string | undefined {
  const here = shownPlace(used);
  try {
    const named = storePlaceOf(sources);
    if (isSamePlace(named, used)) return undefined;
    const there = shownPlace(named);
    return english.textOf(
      here === there
        ? message('The URL of the store ({here}) has changed, such as its user or its password. This daemon uses it as it was at its start: `sluice restart` takes the change over.', { here })
        : message('The store was changed to {there}. This daemon still uses the one of its start ({here}): `sluice restart` changes over, and what waits in the old one stays there.', { there, here }),
    );
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return english.textOf(message('This daemon still uses the store of its start ({here}), and the next one can not start: {problem}', { here, problem: error.message }));
  }
}

/** Without user and password. */
function shownPlace(place: StorePlace): string {
  if (place.kind === 'embedded') return english.textOf(message('the embedded one'));
  const { server, schema } = placeOf(place.url, place.schema);
  return english.textOf(message('{server}, schema {schema}', { server, schema }));
}
