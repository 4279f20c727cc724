import { message, type Message } from './message.ts';

/** What a person knows the job of a page by. */
export function pageMessage(page: number): Message {
  return message('page {page}', { page });
}

/** How far a step with `paginate` has come. `complete`: whether the last page was read; left out while that isn't known. */
export function pagesMessage({ read, items, complete }: { readonly read: number; readonly items: number; readonly complete?: boolean }): Message {
  const told = { pages: message('{count, plural, one {# page} other {# pages}}', { count: read }), items: message('{count, plural, one {# item} other {# items}}', { count: items }) };
  return complete === false ? message('{pages} with {items}, and there are more', told) : message('{pages} with {items}', told);
}
