import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { connectIfRunning } from '../../../client/find-daemon.ts';
import { stopDaemon } from '../../../client/daemon-lifecycle.ts';
import type { SubscribeParams, TopicState } from '../../../schemas/protocol/subscription.ts';
import { CommandLine, type CommandLineOptions, type CommandResult } from '../../unit/daemon/cli/command-line.ts';
import { TemporaryProject } from '../../unit/daemon/cli/temporary-project.ts';

const files = {
  '.sluice/queues.yaml': `queues:
  fast: { concurrency: 10, retry: { delays: [] } }
  erp: { rate: 6000/min, concurrency: 2, retry: { delays: [] } }
`,
  '.sluice/workflows/hello.yaml': `name: Hello
inputs:
  url: { type: string }
  count: { type: integer, default: 1 }
  dry: { type: boolean, default: false }
  ids: { type: array }
  note: {}
steps:
  fetch:
    queue: fast
    uses: http/request
    with:
      url: \${{ inputs.url }}
      method: POST
      json: { count: "\${{ inputs.count }}", dry: "\${{ inputs.dry }}", ids: "\${{ default(inputs.ids, []) }}", note: "\${{ default(inputs.note, '') }}" }
`,
  '.sluice/workflows/deals.yaml': `name: Deals
inputs:
  url: { type: string }
  list: { type: array, items: { type: object, required: [id] } }
required: [url, list]
steps:
  book:
    queue: erp
    foreach: { items: "\${{ inputs.list }}", as: deal, key: "\${{ deal.id }}", on-item-failure: continue }
    uses: http/request
    with: { url: "\${{ inputs.url }}", method: POST, json: "\${{ deal }}" }
`,
};

/** A project with two workflows, and the command typed in it; commands start its real daemon. */
export class RealProject {
  readonly #project: TemporaryProject;

  static async make(more: Readonly<Record<string, string>> = {}): Promise<RealProject> {
    return RealProject.of({ ...files, ...more });
  }

  /** A project of these files only. */
  static async of(given: Readonly<Record<string, string>>): Promise<RealProject> {
    const project = new RealProject(await TemporaryProject.make());
    for (const [file, text] of Object.entries(given)) await project.write(file, text);
    return project;
  }

  private constructor(project: TemporaryProject) {
    this.#project = project;
  }

  get folder(): string {
    return this.#project.folder;
  }

  get state(): string {
    return this.#project.state;
  }

  async write(file: string, text: string | Buffer): Promise<string> {
    const absolute = path.join(this.folder, file);
    await mkdir(path.dirname(absolute), { recursive: true });
    await writeFile(absolute, text);
    return absolute;
  }

  /** A command that continues while the test does. */
  start(argv: readonly string[], options: Partial<CommandLineOptions> = {}): CommandLine {
    return new CommandLine(argv, { cwd: this.folder, input: '', ...options });
  }

  /** Words are divided at spaces; an array has them as they are. */
  type(argv: string | readonly string[], options: Partial<CommandLineOptions> = {}): Promise<CommandResult> {
    return this.start(typeof argv === 'string' ? argv.split(' ') : argv, options).result;
  }

  /** The document on stdout of a command that is done, and says nothing else. */
  async json<T>(argv: string | readonly string[], options: Partial<CommandLineOptions> = {}): Promise<T> {
    const { code, stdout, stderr } = await this.type([...(typeof argv === 'string' ? argv.split(' ') : argv), '--json'], options);
    assert.deepEqual([code, stderr], [0, ''], stdout);
    return JSON.parse(stdout) as T;
  }

  /** Waits until what the daemon tells of a topic is as the test wants it. */
  async until(topic: SubscribeParams, isReached: (state: TopicState) => boolean): Promise<void> {
    const connection = await connectIfRunning(this.folder);
    assert.ok(connection !== undefined, 'no daemon runs');
    const { client } = connection;
    try {
      await new Promise<void>((resolve, reject) => {
        const look = (state: TopicState): void => {
          if (isReached(state)) resolve();
        };
        client.subscribe(topic, ({ change }) => look(change)).then(({ snapshot }) => look(snapshot), reject);
      });
    } finally {
      await client.close();
    }
  }

  /** Waits until the jobs of a run are as the test wants them. */
  untilJobs(id: string, isReached: (jobs: { readonly total: number; readonly open: number; readonly dead: number }) => boolean): Promise<void> {
    return this.until({ topic: 'run', id }, ({ run }) => run !== undefined && isReached(run.jobs));
  }

  async remove(): Promise<void> {
    const running = await connectIfRunning(this.folder);
    if (running !== undefined) {
      await stopDaemon(running.client);
      await running.client.close();
    }
    await this.#project.remove();
  }
}
