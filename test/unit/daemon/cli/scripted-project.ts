import assert from 'node:assert/strict';
import { ScriptedDaemon, type Script } from '../../../support/scripted-daemon.ts';
import { TemporaryProject } from './temporary-project.ts';

/** An empty project, whose daemon answers by a script once it is started. */
export interface ScriptedProject {
  readonly folder: string;
  readonly start: (script: Script, options?: Parameters<typeof ScriptedDaemon.start>[2]) => Promise<ScriptedDaemon>;
}

/** A new one for each test of the `describe` that this is called in. */
export function useScriptedProject(): ScriptedProject {
  let project: TemporaryProject | undefined;
  let daemon: ScriptedDaemon | undefined;
  beforeEach(async () => {
    project = await TemporaryProject.make();
  });
  afterEach(async () => {
    await daemon?.stop();
    daemon = undefined;
    await project?.remove();
  });
  const folder = (): string => {
    assert.ok(project !== undefined, 'there is a project in a test only');
    return project.folder;
  };
  return {
    get folder() {
      return folder();
    },
    start: async (script, options) => (daemon = await ScriptedDaemon.start(folder(), script, options)),
  };
}
