import Mustache from 'mustache';
import type { JsonObject } from '../../schemas/workflow/json.ts';

export type RenderedTemplate = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string };

/** Parsed templates that are kept: workflows have few, and each is used for many e-mails. */
const maxParsed = 64;

/** What is wrong with a template or its data. Never leaves this file. */
class TemplateError extends Error {}

/** Mustache, made strict: a letter that greets nobody is worse than one that isn't sent. */
class StrictWriter extends Mustache.Writer {
  readonly #parsed = new Map<string, unknown>();

  override parse(template: string, tags?: Mustache.OpeningAndClosingTags): unknown {
    const key = `${tags?.join(' ') ?? ''}\n${template}`;
    let tokens = this.#parsed.get(key);
    if (tokens === undefined) {
      tokens = super.parse(template, tags);
      // Mustache's own cache has no bound.
      this.clearCache();
      const oldest = this.#parsed.size < maxParsed ? undefined : this.#parsed.keys().next().value;
      if (oldest !== undefined) this.#parsed.delete(oldest);
      this.#parsed.set(key, tokens);
    }
    return tokens;
  }

  override escapedValue(token: string[], context: Mustache.Context, config?: Mustache.RenderOptions): string {
    const text = textOf(token, context);
    const escape = typeof config === 'object' && !Array.isArray(config) ? config.escape : undefined;
    return escape === undefined ? Mustache.escape(text) : escape(text);
  }

  override unescapedValue(token: string[], context: Mustache.Context): string {
    return textOf(token, context);
  }

  override renderPartial(token: string[]): string {
    throw new TemplateError(`{{> ${token[1] ?? ''}}}: templates can't include others`);
  }
}

const writer = new StrictWriter();

/**
 * Fills a Mustache template: `{{name}}`, `{{#list}}...{{/list}}`, `{{^none}}...{{/none}}`, `{{{unescaped}}}`. With
 * `html`, values are escaped. A name without a value, and a value that isn't text, number or boolean, is an error;
 * `null` gives nothing.
 */
export function renderTemplate(template: string, data: JsonObject, format: 'html' | 'text'): RenderedTemplate {
  try {
    const options = format === 'html' ? {} : { escape: (text: string) => text };
    return { ok: true, text: writer.render(template, data, undefined, options) };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message.slice(0, 300) : 'the template is broken' };
  }
}

function textOf(token: string[], context: Mustache.Context): string {
  const name = token[1] ?? '';
  const value: unknown = context.lookup(name);
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null) return '';
  const shown = JSON.stringify(name);
  throw new TemplateError(value === undefined ? `\`data\` has no ${shown}` : `${shown} is not a text, number or boolean`);
}
