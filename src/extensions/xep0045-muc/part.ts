/** What a part of XEP-0045 may have of what an extension has. Requests of two parts never have the same name. */
import type { Extension } from '../../extension.ts';

export type Part = Pick<
  Extension,
  'requests' | 'actions' | 'iq' | 'hooks' | 'snapshots' | 'takes' | 'serves' | 'services'
>;
