import type { BoundStatement } from '../../../schemas/workflow/sql/sql-statement.ts';
import type { SqlBounds } from './sql-rows.ts';

/** What a database is asked for. */
export interface SqlOrder extends BoundStatement {
  readonly write: boolean;
  readonly bounds: SqlBounds;
}

/** What comes of it. `repeated`: two columns have this name; `full`, `large`: there are more rows, or more of them, than may be. Nothing has been written then. */
export type SqlAnswer =
  | { readonly kind: 'rows'; readonly rows: Buffer; readonly count: number; readonly columns: readonly string[]; readonly truncated: boolean }
  | { readonly kind: 'repeated'; readonly column: string }
  | { readonly kind: 'full' | 'large' };
