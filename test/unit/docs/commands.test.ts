import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { buildProgram } from '../../../daemon/cli/program.ts';
import { Terminal } from '../../../daemon/cli/terminal.ts';
import { codeBlocksOf, pages, proseOf, root } from './doc-pages.ts';

describe('commands in the documentation', () => {
  const stream = new PassThrough();
  const { command: program } = buildProgram(new Terminal({ stdout: stream, stderr: stream, stdin: stream, env: {}, cwd: '/' }));
  const named = [...pages].flatMap(([file, page]) => commandsIn(page).map((line) => ({ file, line })));

  it('exist with the options that they are shown with', () => {
    assert.deepEqual(
      named.flatMap(({ file, line }) => {
        const problem = problemOf(program, line);
        return problem === undefined ? [] : [`${file}: ${line}: ${problem}`];
      }),
      [],
    );
  });

  it('are found at all, and a wrong one is seen (control)', () => {
    assert.ok(named.filter(({ file }) => file === 'docs/getting-started.md').length > 10);
    assert.equal(problemOf(program, 'sluice frobnicate'), 'there is no command frobnicate');
    assert.equal(problemOf(program, 'sluice dead redrive j1'), 'there is no command redrive');
    assert.equal(problemOf(program, 'sluice set crm --speed 5'), 'there is no option --speed');
    assert.equal(problemOf(program, 'sluice queues --json | jq .'), undefined);
  });

  it('of npm are scripts of package.json', () => {
    const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { readonly scripts: Readonly<Record<string, string>> };
    const scripts = [...pages].flatMap(([file, page]) => [...page.matchAll(/npm (?:run (?:-s )?([\w:-]+)|(test))/g)].map(([, run, test]) => ({ file, script: run ?? test ?? '' })));
    assert.ok(scripts.length > 0);
    assert.deepEqual(scripts.filter(({ script }) => manifest.scripts[script] === undefined), []);
  });

  it('of node and mocha name programs that exist', () => {
    const programs = [...pages].flatMap(([file, page]) => shellLinesIn(page).flatMap((line) => programsIn(line).map((program) => ({ file, program }))));
    assert.ok(programs.length > 2);
    assert.deepEqual(programs.filter(({ program }) => globSync(program, { cwd: root }).length === 0), []);
  });
});

/** Files that a line gives to node or mocha; the reader writes `receiver.mjs` in the tutorial. */
function programsIn(line: string): readonly string[] {
  return /^(?:node|mocha) /.test(line) ? [...line.matchAll(/\s((?:test|scripts|examples|bin)\/[\w./*-]+)/g)].map(([, file = '']) => file) : [];
}

function shellLinesIn(page: string): readonly string[] {
  return codeBlocksOf(page)
    .filter(({ language }) => ['sh', 'console', ''].includes(language))
    .flatMap(({ text }) => text.split('\n'))
    .map((line) => line.replace(/^\$ /, ''));
}

/** Lines of shell blocks, and code within a line, that begin with `sluice` and more than that. */
function commandsIn(page: string): readonly string[] {
  const inline = [...proseOf(page).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  return [...shellLinesIn(page), ...inline].filter((text) => /^sluice [^…]/.test(text));
}

function problemOf(program: Command, line: string): string | undefined {
  const words = (/^[^|#;>]*/.exec(line)?.[0] ?? '').replace(/(['"]).*?\1/g, 'text').trim().split(/\s+/).slice(1);
  let command = program;
  const known = new Set<string>();
  const learn = (one: Command): void => {
    for (const { short, long } of one.options) for (const flag of [short, long]) if (flag !== undefined) known.add(flag);
  };
  learn(program);
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word);
    if (next !== undefined) {
      command = next;
      learn(next);
    } else if (word.startsWith('-') && word !== '-' && !['-h', '--help'].includes(word)) {
      const flag = word.replace(/=.*$/, '');
      if (!known.has(flag)) return `there is no option ${flag}`;
    } else if (command.commands.length > 0 && /^[a-z]/.test(word) && word !== 'help') {
      return `there is no command ${word}`;
    }
  }
  return undefined;
}
