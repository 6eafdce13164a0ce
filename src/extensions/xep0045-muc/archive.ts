/** The one table of open archive queries that all accounts of the gateway share. */
import { type Account, slot } from '../../extension.ts';
import { ArchiveQueries } from '../archive-query.ts';

const queries = slot(() => new ArchiveQueries());

export function archiveOf({ gateway }: Account): ArchiveQueries {
  return gateway.slot(queries);
}
