/** Typed rows of prepared statements. The schema's types stand behind what is assumed here. */
import type { SQLInputValue, StatementSync } from 'node:sqlite';

export interface Query<Row> {
  get(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
}

/** Gives a statement the type of its rows. */
export function rows<Row>(statement: StatementSync): Query<Row> {
  return {
    get: (...values) => statement.get(...values) as Row | undefined,
    all: (...values) => statement.all(...values) as Row[],
  };
}
