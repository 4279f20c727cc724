import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { renderCommandReference, renderShapeReference, replaceGenerated } from '../../../../daemon/cli/command-reference.ts';
import { buildProgram } from '../../../../daemon/cli/program.ts';
import { Terminal } from '../../../../daemon/cli/terminal.ts';

const page = path.resolve(import.meta.dirname, '../../../../docs/command-line.md');

describe('docs/command-line.md', () => {
  it('says what the commands say (SLUICE_UPDATE_DOCS=1 writes it again)', () => {
    const stream = new PassThrough();
    const { command } = buildProgram(new Terminal({ stdout: stream, stderr: stream, stdin: stream, env: {}, cwd: '/' }));
    const text = readFileSync(page, 'utf8');
    const fresh = replaceGenerated(replaceGenerated(text, 'commands', renderCommandReference(command)), 'shapes', renderShapeReference());
    if (process.env.SLUICE_UPDATE_DOCS === '1') writeFileSync(page, fresh);
    else assert.equal(text, fresh, 'stale: run SLUICE_UPDATE_DOCS=1 mocha test/unit/daemon/cli/command-reference.test.ts');
  });
});
