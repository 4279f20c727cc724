import type { QueueView } from '../../schemas/protocol/queue.ts';
import { english } from '../../schemas/wording/language.ts';

/** Files that a text names. */
const maxFiles = 3;

/** `erp is no longer declared; its last limits hold for 24 jobs`: why a queue's limits are not what the files say, without a full stop. */
export function undeclaredText({ name, undeclared, depth }: Pick<QueueView, 'name' | 'undeclared'> & { readonly depth: Omit<QueueView['depth'], 'name'> }): string {
  const hold = `its last limits hold for ${contentText(depth)}`;
  const files = listed(undeclared?.files ?? []);
  switch (undeclared?.reason) {
    case 'twice':
      return `${name} is declared more than once (${files}), so none of it counts; ${hold}`;
    case 'broken':
      return `${name} can't be read from the files (${files}); ${hold}`;
    case 'gone':
    case undefined:
      return `${name} is no longer declared; ${hold}`;
  }
}

function contentText({ pending, delayed, active, dead }: QueueView['depth']): string {
  const jobs = pending + delayed + active;
  const parts = [
    ...(jobs > 0 ? [english.say('{jobs, plural, one {# job} other {# jobs}}', { jobs })] : []),
    ...(dead > 0 ? [english.say('{dead, plural, one {# dead letter} other {# dead letters}}', { dead })] : []),
  ];
  return parts.length === 0 ? 'the jobs that still come' : parts.join(' and ');
}

function listed(files: readonly string[]): string {
  return `${files.slice(0, maxFiles).join(', ')}${files.length > maxFiles ? `, and ${files.length - maxFiles} more` : ''}`;
}
