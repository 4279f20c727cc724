import type { JobSummary } from '../../schemas/protocol/job.ts';
import { schemes } from '../base/ids.ts';

/** What a document of ours shows. */
export type DocumentSubject =
  | { readonly kind: 'run'; readonly run: string }
  | { readonly kind: 'job'; readonly job: string }
  | { readonly kind: 'attempt'; readonly job: string; readonly attempt: number }
  | { readonly kind: 'delivery'; readonly delivery: string }
  /** The payload as it is in the daemon; `revision` where it isn't the newest. */
  | { readonly kind: 'payload'; readonly job: string; readonly revision?: number };

export interface DocumentAddress {
  /** The project's folder, as a URI. */
  readonly folder: string;
  readonly subject: DocumentSubject;
}

/** The parts of a URI that these documents have. */
export interface UriParts {
  readonly scheme: string;
  readonly path: string;
  readonly query: string;
}

/** The last part of the path is what the editor's tab shows. */
export function documentUri({ folder, subject }: DocumentAddress): UriParts {
  return { scheme: schemes.document, path: pathOf(subject), query: folder };
}

/** Undefined if the URI is none of ours. */
export function readDocumentUri({ scheme, path, query }: UriParts): DocumentAddress | undefined {
  if (scheme !== schemes.document || query === '') return undefined;
  const subject = readPath(path);
  return subject === undefined ? undefined : { folder: query, subject };
}

/** The editable payload of a dead letter. Its action is in the path, so that VS Code's JSON support finds the schema of its input. */
export function deadLetterUri(folder: string, { id, uses }: Pick<JobSummary, 'id' | 'uses'>): UriParts {
  return { scheme: schemes.deadLetter, path: `/${uses}/${id} payload.json`, query: folder };
}

export function readDeadLetterUri({ scheme, path, query }: UriParts): { readonly folder: string; readonly job: string } | undefined {
  const job = /^\/[\w/-]+\/(j\d+) payload\.json$/.exec(path)?.[1];
  return scheme !== schemes.deadLetter || query === '' || job === undefined ? undefined : { folder: query, job };
}

function pathOf(subject: DocumentSubject): string {
  switch (subject.kind) {
    case 'run':
      return `/${subject.run}.jsonc`;
    case 'delivery':
      return `/${subject.delivery}.jsonc`;
    case 'job':
      return `/${subject.job}.jsonc`;
    case 'attempt':
      return `/${subject.job} attempt ${subject.attempt}.jsonc`;
    case 'payload':
      return subject.revision === undefined ? `/${subject.job} original.json` : `/${subject.job} revision ${subject.revision}.json`;
  }
}

function readPath(path: string): DocumentSubject | undefined {
  const run = /^\/(r\d+)\.jsonc$/.exec(path)?.[1];
  if (run !== undefined) return { kind: 'run', run };
  const job = /^\/(j\d+)\.jsonc$/.exec(path)?.[1];
  if (job !== undefined) return { kind: 'job', job };
  const delivery = /^\/(d\d+)\.jsonc$/.exec(path)?.[1];
  if (delivery !== undefined) return { kind: 'delivery', delivery };
  const [, ofAttempt, attempt] = /^\/(j\d+) attempt (\d+)\.jsonc$/.exec(path) ?? [];
  if (ofAttempt !== undefined) return { kind: 'attempt', job: ofAttempt, attempt: Number(attempt) };
  const [, ofPayload, what] = /^\/(j\d+) (original|revision \d+)\.json$/.exec(path) ?? [];
  if (ofPayload === undefined || what === undefined) return undefined;
  return what === 'original' ? { kind: 'payload', job: ofPayload } : { kind: 'payload', job: ofPayload, revision: Number(what.slice('revision '.length)) };
}
