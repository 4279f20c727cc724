import { userInfo } from 'node:os';
import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { parseJobId } from '../option-parsers.ts';
import { readPayloadFile } from '../payload-file.ts';
import { formatAge, oneLine } from '../render/format.ts';
import { UsageError } from '../usage-error.ts';

export const addDeadEdit: AddCommand = (dead, runtime) => {
  dead
    .command('edit')
    .argument('<id>', 'such as j40', parseJobId)
    .argument('<file>', 'the whole new payload, JSON or YAML; - reads stdin')
    .description('save an edited payload of a dead letter; its next replay sends it')
    .option('-y, --yes', "take the place of an edit that is there, and don't ask")
    .addHelpText('after', examples(['sluice job j40 --json | jq .payload > p.json', 'what was sent'], ['sluice dead edit j40 p.json', 'saves the edit, and sends nothing']))
    .action(
      runtime.action(async (context, id: string, file: string, { yes = false }: { readonly yes?: boolean }) => {
        const { terminal, json } = context;
        const payload = await readPayloadFile('<file>', file, terminal, 'the whole payload');
        const client = await context.connect();
        const before = await client.call('job/get', { id });
        if (before.draft !== undefined && !yes) {
          const { savedAt, savedBy } = before.draft;
          const there = `${id} has an edit already, saved ${formatAge(savedAt, terminal.errorView)}${savedBy === undefined ? '' : ` by ${oneLine(savedBy)}`}`;
          if (json || !terminal.canAsk) throw new UsageError(`${there}: --yes takes its place, \`sluice job ${id}\` shows it.`);
          if (!(await terminal.confirm(`${there}. Take its place?`))) {
            terminal.err('Nothing was saved.');
            return exitCodes.failed;
          }
        }
        // As it was looked at: what somebody saves in between is not overwritten.
        const { draft } = await client.call('draft/save', { id, payload, savedBy: userName(), baseRevision: before.revisions.at(-1)?.revision ?? 1 });
        const result = { id, ...(draft === undefined ? {} : { draft }) };
        context.show(result, () => (draft === undefined ? `That is the payload of ${id} as it was sent: no edit is kept.` : `The edit of ${id} is saved: \`sluice dead replay ${id}\` sends it, \`sluice dead drop-edit ${id}\` drops it.`));
        return exitCodes.done;
      }),
    );
};

/** Not every account has a name, in a container for one. */
function userName(): string {
  try {
    return userInfo().username.slice(0, 100);
  } catch {
    return '';
  }
}
