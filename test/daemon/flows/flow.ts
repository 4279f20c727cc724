import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Json } from '../../../schemas/workflow/json.ts';
import type { JobDetail, JobSummary } from '../../../schemas/protocol/job.ts';
import type { RunDetail } from '../../../schemas/protocol/run.ts';
import { RealProject } from '../cli/real-project.ts';

const folder = path.resolve(import.meta.dirname, '../../flows');

export interface FlowOptions {
  /** What stands in the files in the place of the servers of the test: texts and their replacements. */
  readonly replace: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: NodeJS.ProcessEnv;
}

/** A project of `test/flows/`, with servers of the test in place of the real ones and without its long waits, and its real daemon. */
export class Flow {
  readonly project: RealProject;

  static async start(name: string, { replace, secrets, files = {}, env = {} }: FlowOptions): Promise<Flow> {
    const texts = readdirSync(path.join(folder, name), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name: file }) => path.relative(path.join(folder, name), path.join(parentPath, file)));
    const project = await RealProject.of({ ...Object.fromEntries(texts.map((file) => [file, adapted(readFileSync(path.join(folder, name, file), 'utf8'), replace)])), ...files });
    const checked = await project.type('validate', { env: { ...named(secrets), ...env } });
    assert.equal(checked.code, 0, checked.stdout);
    const up = await project.type('up', { env: { ...named(secrets), ...env } });
    assert.equal(up.code, 0, up.stderr);
    return new Flow(project);
  }

  private constructor(project: RealProject) {
    this.project = project;
  }

  async run(workflow: string, inputs: Readonly<Record<string, Json>> = {}): Promise<RunDetail> {
    const given = Object.entries(inputs).flatMap(([name, value]) => ['-i', `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`]);
    const { stdout, stderr } = await this.project.type(['run', workflow, ...given, '--wait', '--json']);
    assert.ok(stdout !== '', stderr);
    return JSON.parse(stdout) as RunDetail;
  }

  async jobs(where = 'true'): Promise<readonly JobDetail[]> {
    const jobs = await this.project.json<readonly JobSummary[]>(['jobs', '--where', where, '--limit', '1000']);
    return Promise.all(jobs.map(({ id }) => this.project.json<JobDetail>(`job ${id}`)));
  }

  async stop(): Promise<void> {
    await this.project.remove();
  }
}

function named(secrets: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(secrets).map(([name, value]) => [`SLUICE_SECRET_${name}`, value]));
}

/** Rates and waits of the real services would take minutes; that they are kept to is tested with the engine. */
function adapted(text: string, replace: Readonly<Record<string, string>>): string {
  let made = text.replace(/delays: \[.*?\]/g, 'delays: [50ms, 50ms, 50ms]').replace(/first: 2s, factor: 1.5, max: 30s/g, 'first: 20ms, factor: 1, max: 20ms').replace(/rate: (?:\d+\/\w+)/g, 'rate: 1000/s');
  for (const [from, to] of Object.entries(replace)) made = made.replaceAll(from, to);
  return made;
}
