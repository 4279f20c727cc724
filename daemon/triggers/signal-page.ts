import { createHash } from 'node:crypto';
import type { SignalLinkView } from '../ledger/signal-link.ts';
import { Html, html } from './html.ts';
import { formFields, type GivenFields } from './signal-form.ts';
import type { WebhookAnswer } from './webhook-listener.ts';

const style = `
:root { color-scheme: light dark; --text: #1f2328; --quiet: #59636e; --back: #f6f8fa; --card: #ffffff; --line: #d1d9e0; --edge: #818b98; --accent: #0969da; --on-accent: #ffffff; --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --quiet: #9198a1; --back: #0d1117; --card: #151b23; --line: #3d444d; --edge: #656c76; --accent: #4493f8; --on-accent: #06101f; --bad: #ff8b80; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 1.5rem 1rem; background: var(--back); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 34rem; margin: 0 auto; padding: 1.5rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 1rem; font-size: 1.25rem; line-height: 1.3; }
.question { margin: 0 0 1.25rem; white-space: pre-wrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 0 0 1.5rem; font-size: .9rem; }
dt { color: var(--quiet); }
dd { margin: 0; }
small { display: block; color: var(--quiet); }
.field, fieldset { display: block; margin: 0 0 1.25rem; padding: 0; border: 0; }
.field > span, legend { display: block; padding: 0; font-weight: 600; }
.choice { display: flex; align-items: center; gap: .6rem; min-height: 2.75rem; }
.choice input { width: 1.2rem; height: 1.2rem; margin: 0; flex: none; accent-color: var(--accent); }
.field input, .field select, .field textarea { display: block; width: 100%; margin-top: .25rem; padding: .6rem .7rem; border: 1px solid var(--edge); border-radius: .4rem; background: var(--back); color: var(--text); font: inherit; }
.field .code { font-family: ui-monospace, monospace; font-size: .9rem; }
button { width: 100%; min-height: 2.75rem; padding: .6rem 1rem; border: 0; border-radius: .4rem; background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.problem { margin: 0 0 1.25rem; padding: .6rem .8rem; border-left: 3px solid var(--bad); color: var(--bad); }
p { margin: 0 0 1rem; }
.note { margin: 1rem 0 0; color: var(--quiet); font-size: .85rem; }
`;

/**
 * The page runs nothing, loads nothing, is shown in no other page, and tells nobody where it was: its address is what answers. A page of another origin that
 * has got hold of it can't send its form from a browser either (`SignalDoor`).
 */
const headers = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex, nofollow',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

function page(status: number, title: string, content: Html, more: Readonly<Record<string, string>> = {}): WebhookAnswer {
  const { text } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`;
  return { status, headers: { ...headers, ...more }, body: { text, type: 'text/html; charset=utf-8' } };
}

/** What is asked, with the form that answers it. `problem`: why what was given doesn't do. */
export function askPage(link: SignalLinkView, { status = 200, problem, given = new Map() }: { readonly status?: number; readonly problem?: string; readonly given?: GivenFields } = {}): WebhookAnswer {
  return page(
    status,
    `Answer ‘${link.signal}’`,
    html`${link.question === undefined ? undefined : html`<p class="question">${link.question}</p>`}
${facts(link, [['Answer until', time(link.until)]])}
${problem === undefined ? undefined : html`<p class="problem" role="alert">${problem}</p>`}
<form method="post" autocomplete="off">
${link.payload === undefined ? undefined : formFields(link.payload, given)}
<button type="submit" name="send" value="1">${link.payload === undefined ? `Answer ‘${link.signal}’` : 'Send the answer'}</button>
</form>
<p class="note">The first answer counts, and can’t be taken back. Opening this page has answered nothing.</p>`,
  );
}

export function thanksPage(link: SignalLinkView): WebhookAnswer {
  return page(200, 'Your answer has arrived', html`<p>The run continues with it. You can close this page.</p>
${facts(link)}`);
}

/** `wasSent`: an answer has just come that was too late. */
export function answeredPage(link: SignalLinkView, wasSent: boolean): WebhookAnswer {
  const at = link.answer === undefined ? [] : [['Answered', time(link.answer.at)] as const];
  const told = wasSent ? 'Your answer was not taken, because there is one already: the first counts.' : 'There is nothing left to do here: the first answer counts.';
  return page(wasSent ? 409 : 410, 'This was answered already', html`<p>${told}</p>
${facts(link, at)}`);
}

export function expiredPage(link: SignalLinkView): WebhookAnswer {
  return page(410, 'This link has expired', html`<p>It could be answered until ${time(link.until)}. Ask whoever sent it if an answer is still needed.</p>
${facts(link)}`);
}

export function overPage(link: SignalLinkView): WebhookAnswer {
  return page(410, 'No answer is needed any longer', html`<p>Nothing waits for it: the run has ended, or has gone on without.</p>
${facts(link)}`);
}

export function unknownPage(): WebhookAnswer {
  return page(404, 'There is no such link', html`<p>It may have been cut off when it was copied, or what it belonged to has been deleted.</p>`);
}

export function crossSitePage(): WebhookAnswer {
  return page(403, 'This answer was not taken', html`<p>Another site has sent it. Open the link that you were given, and answer there.</p>`);
}

export function tooLargePage(maxBytes: number): WebhookAnswer {
  return page(413, 'This answer is too long', html`<p>An answer has ${Math.floor(maxBytes / 1024)} KiB at most. Go back, and shorten it.</p>`);
}

export function unreadablePage(): WebhookAnswer {
  return page(415, 'This answer can’t be read', html`<p>An answer is the form of this page, or JSON with the content type application/json.</p>`);
}

export function methodPage(): WebhookAnswer {
  return page(405, 'This link is opened or answered', html`<p>It takes GET, HEAD and POST.</p>`, { allow: 'GET, HEAD, POST' });
}

export function laterPage(): WebhookAnswer {
  return page(503, 'Try again in a moment', html`<p>Nothing was answered: what keeps answers can’t be reached just now.</p>`, { 'retry-after': '10' });
}

function facts({ workflow, run, step }: SignalLinkView, more: readonly (readonly [string, string])[] = []): Html {
  const rows = [['Workflow', workflow], ['Run', run], ...(step === undefined ? [] : [['Step', step]]), ...more] as const;
  return html`<dl>
${rows.map(([name = '', value = '']) => html`<dt>${name}</dt><dd>${value}</dd>`)}
</dl>`;
}

/** Nobody knows the reader's time zone. */
function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
