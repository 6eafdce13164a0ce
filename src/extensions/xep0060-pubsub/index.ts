/** XEP-0060 Publish-Subscribe 1.26.0, the user's side: nodes of any service, and of contacts (XEP-0163). */
import { extension, xep } from '../../extension.ts';
import { notices } from './events.ts';
import { requests as items } from './items.ts';
import { requests as nodes } from './nodes.ts';
import { farewell, requests as subscriptions } from './subscriptions.ts';

export default extension({
  spec: xep('0060', '1.26.0'),
  requests: { ...items, ...nodes, ...subscriptions },
  notices,
  hooks: { accountRemove: farewell },
});
