/**
 * XEP-0050 Ad-Hoc Commands 1.3.1: what services, servers and devices let a user do, step by step, with forms.
 *   {"type":"command.run","data":{"jid":"example.com","node":"uptime"}}
 *   → <command xmlns="http://jabber.org/protocol/commands" node="uptime" action="execute"/>
 */
import { type Account, extension, slot, xep } from '../extension.ts';
import { type CommandState, commandActions } from '../protocol/commands.ts';
import { badRequest, StanzaError } from '../protocol/errors.ts';
import type { Form, FormValues } from '../protocol/forms.ts';
import type { RequestData } from '../protocol/frames.ts';
import type { Jid } from '../xmpp/jid.ts';
import { ns } from '../xmpp/namespaces.ts';
import { append, detach, type Element, el, elements, find, nameOf, namespaceOf, textOf } from '../xmpp/stanza.ts';
import { tryTree } from '../xmpp/tree.ts';
import { address } from './address.ts';
import { ask, discoItems } from './discovery.ts';
import { cancellation, fill, findForm, unasked } from './xep0004-forms.ts';

/** Of one account: the forms of so many commands are kept for their answers. */
const maxOpen = 32;
/** More of an answer is not read. */
const maxNotes = 100;

const open = slot(() => new Map<string, Form>());

type Run = RequestData<'command.run'>;

async function run(account: Account, data: Run): Promise<CommandState> {
  const { node, sessionId, action = 'execute', values } = data;
  const to = address(data.jid ?? account.gateway.server, 'jid');
  if (sessionId === undefined && action !== 'execute') {
    throw badRequest('sessionId', `sessionId of the command that is to ${action} is required`);
  }
  const command = el('command', { xmlns: ns.commands, node, sessionid: sessionId, action });
  const form = payload(account, keyOf(to, node, sessionId), action, values);
  if (form) append(command, form);
  const answer = await ask(account, to, 'set', command);
  if (!answer || nameOf(answer) !== 'command' || namespaceOf(answer) !== ns.commands) {
    throw new StanzaError('undefined-condition', 'The service answered with something else', { by: to.full });
  }
  return keep(account, to, stateOf(answer, node), keyOf(to, node, sessionId));
}

/** The answers to the form of the step before; to one that is not known (any more) as they are. */
function payload(account: Account, key: string, action: Run['action'], values: FormValues | undefined) {
  // §3.4: going back, or giving up, answers nothing.
  if (action === 'prev' && values === undefined) return undefined;
  const form = account.slot(open).get(key);
  if (action === 'cancel') return form ? cancellation() : undefined;
  if (form?.type === 'form') return fill(form, values ?? {});
  return values === undefined ? undefined : unasked(values);
}

function keyOf(to: Jid, node: string, sessionId: string | undefined): string {
  return JSON.stringify([to.full, node, sessionId]);
}

function keep(account: Account, to: Jid, state: CommandState, before: string): CommandState {
  const forms = account.slot(open);
  forms.delete(before);
  if (state.status === 'executing' && state.form) {
    forms.set(keyOf(to, state.node, state.sessionId), state.form);
    for (const oldest of forms.size > maxOpen ? forms.keys().take(1) : []) forms.delete(oldest);
  }
  return state;
}

function stateOf(command: Element, node: string): CommandState {
  const { sessionid, status } = command.attrs;
  const form = findForm(command);
  const extra = elements(command)
    .filter((child) => !isRead(child))
    .flatMap((child) => tryTree(child) ?? []);
  return {
    node,
    ...(sessionid ? { sessionId: detach(sessionid) } : {}),
    // §4.1: an answer that does not say is one that is done.
    status: status === 'executing' || status === 'canceled' ? status : 'completed',
    ...(status === 'executing' ? actionsOf(command) : { actions: [] }),
    notes: elements(command).filter(isNote).slice(0, maxNotes).map(noteOf),
    ...(form ? { form } : {}),
    ...(extra.length > 0 ? { extra } : {}),
  };
}

/** §3.4: without `<actions/>` the only way is on, and it ends there. */
function actionsOf(command: Element): Pick<CommandState, 'actions' | 'default'> {
  const listed = find(command, 'actions', ns.commands);
  if (!listed) return { actions: ['complete'], default: 'complete' };
  const actions = commandActions.filter((name) => find(listed, name, ns.commands));
  const meant = commandActions.find((name) => name === listed.attrs.execute) ?? 'next';
  return { actions, ...(actions.includes(meant) ? { default: meant } : {}) };
}

function isNote(child: Element): boolean {
  return nameOf(child) === 'note' && namespaceOf(child) === ns.commands;
}

function isRead(child: Element): boolean {
  const isForm = nameOf(child) === 'x' && namespaceOf(child) === ns.dataForms;
  return isForm || isNote(child) || (nameOf(child) === 'actions' && namespaceOf(child) === ns.commands);
}

function noteOf(note: Element): CommandState['notes'][number] {
  const type = (['warn', 'error'] as const).find((one) => one === note.attrs.type) ?? 'info';
  return { type, text: textOf(note) };
}

export default extension({
  spec: xep('0050', '1.3.1'),
  requests: {
    'command.list': async ({ account, gateway }, { jid = gateway.server, ...query }) => {
      const page = await discoItems(account, address(jid, 'jid'), { ...query, node: ns.commands });
      // What has no node cannot be run.
      const items = page.items.flatMap(({ node, ...item }) => (node === undefined ? [] : { ...item, node }));
      return { ...page, items };
    },
    'command.run': ({ account }, data) => run(account, data),
  },
});
