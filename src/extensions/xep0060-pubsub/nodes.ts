/** Nodes themselves: making, setting up, ending them (XEP-0060 §8.1, §8.2, §8.4). */
import type { Account, Extension } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import type { Form } from '../../protocol/forms.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { ns } from '../../xmpp/namespaces.ts';
import { append, el, find } from '../../xmpp/stanza.ts';
import { address } from '../address.ts';
import { ask } from '../discovery.ts';
import { fill, formIn, unasked } from '../xep0004-forms.ts';

async function configuration(account: Account, to: Jid, node: string): Promise<Form> {
  const answer = await ask(account, to, 'get', el('pubsub', { xmlns: ns.pubsubOwner }, el('configure', { node })));
  return formIn(answer && find(answer, 'configure', ns.pubsubOwner), to.full);
}

export const requests = {
  'pubsub.create': async ({ account }, { service, node, values }) => {
    const to = address(service, 'service');
    const payload = el('pubsub', { xmlns: ns.pubsub }, el('create', { node }));
    if (values) append(payload, el('configure', {}, unasked(values, ns.pubsubNodeConfig)));
    const answer = await ask(account, to, 'set', payload);
    const made = (answer && find(answer, 'create', ns.pubsub)?.attrs.node) || node;
    if (made === undefined) {
      throw new StanzaError('undefined-condition', 'The service does not say what it has made', { by: to.full });
    }
    return { node: made };
  },
  'pubsub.delete': async ({ account }, { service, node, redirect }) => {
    const more = redirect === undefined ? undefined : el('redirect', { uri: redirect });
    const payload = el('pubsub', { xmlns: ns.pubsubOwner }, el('delete', { node }, more));
    await ask(account, address(service, 'service'), 'set', payload);
    return undefined;
  },
  'pubsub.config': async ({ account }, { service, node, values }) => {
    const to = address(service, 'service');
    const form = await configuration(account, to, node);
    if (!values) return { form };
    const configure = el('configure', { node }, fill(form, values));
    await ask(account, to, 'set', el('pubsub', { xmlns: ns.pubsubOwner }, configure));
    return { form: await configuration(account, to, node) };
  },
} satisfies Extension['requests'];
