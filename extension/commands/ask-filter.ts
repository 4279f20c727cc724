import * as l10n from '@vscode/l10n';
import type { App } from '../app.ts';
import type { ViewId } from '../ids.ts';

/** Narrows a view to what has all the words that are typed; nothing typed shows everything again. Answers with the words. */
export async function askFilter({ ask, filters }: App, view: ViewId, prompt: string): Promise<string | undefined> {
  const words = await ask.input({ title: l10n.t('Filter'), prompt, value: filters.get(view), placeHolder: l10n.t('Empty shows everything') });
  if (words === undefined) return undefined;
  filters.set(view, words);
  return filters.get(view);
}
