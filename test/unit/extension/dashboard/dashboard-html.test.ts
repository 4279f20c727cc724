import assert from 'node:assert/strict';
import { dashboardHtml } from '../../../../extension/dashboard/dashboard-html.ts';

const options = { source: 'vscode-webview://host', script: 'https://host/dashboard.js', style: 'https://host/dashboard.css', title: 'Sluice Dashboard', language: 'de', nonce: 'bm9uY2U=' };

describe('the page of the dashboard', () => {
  it('may load its own script and style, and nothing else', () => {
    const html = dashboardHtml(options);
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1];
    assert.equal(policy, "default-src 'none'; script-src 'nonce-bm9uY2U='; style-src vscode-webview://host");
  });

  it('has no script and no style of its own in it', () => {
    const html = dashboardHtml(options);
    assert.doesNotMatch(html, /<style|style=|\son\w+=|<script(?![^>]*src=)/);
    assert.equal(html.match(/<script/g)?.length, 1);
  });

  it('takes text for text', () => {
    assert.match(dashboardHtml({ ...options, title: '<b>"&' }), /<title>&lt;b&gt;&quot;&amp;<\/title>/);
  });
});
