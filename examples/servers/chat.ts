import { HttpService } from './http-service.ts';
import type { Watch } from './watch.ts';

/** A chat that messages can be posted to: `{ "text": "..." }`. */
export class Chat {
  readonly messages: string[] = [];
  readonly service: HttpService;

  constructor(watch: Watch) {
    this.service = new HttpService({
      watch,
      answer: ({ text }) => {
        this.messages.push((JSON.parse(text) as { readonly text: string }).text);
        return { status: 200, body: { ok: true } };
      },
    });
  }

  /** Messages that hold a text. */
  with(part: string): readonly string[] {
    return this.messages.filter((message) => message.includes(part));
  }
}
