/** §10 escape hatches, §11 stanza and iq events: XMPP in its own terms, for tokens with the scope raw. */
import { expect, same, section } from '../check.ts';

const element = (name: string, xmlns: string, ...children: string[]) => ({ name, attrs: { xmlns }, children });

export const hatches = section(10, {
  'raw.query': [
    'iq.send asks anything, and is answered with who answered and what',
    async (lab) => {
      const a = await lab.connect();
      const { server: to = '' } = lab.facts;
      const { from, payload } = await a.request('iq.send', {
        to,
        type: 'get',
        payload: element('query', 'http://jabber.org/protocol/disco#info'),
      });
      same([from, payload?.name], [to, 'query'], 'from and payload');
      await a.refused(
        'iq.send',
        { to, type: 'get', payload: element('query', 'urn:example:no-such') },
        'service-unavailable',
        'feature-not-implemented',
      );
    },
    'raw',
    'server',
  ],
  'raw.claim': [
    'a query in a claimed namespace is an iq event, and its reply the answer',
    async (lab) => {
      const [a, b] = [await lab.connect(), await lab.connect('b')];
      const xmlns = `urn:example:${lab.unique()}`;
      await a.request('session.update', { iq: [xmlns] });
      await a.say(b.user, lab.unique());
      const asking = b.ask('disco.info', { jid: a.user });
      same((await asking).type, 'ok', 'the answer of the account to a query that nobody claimed');
      const other = await lab.connect('a');
      const query = other.ask('iq.send', { to: a.user, type: 'get', payload: element('move', xmlns) });
      const told = await a.next('iq');
      same([told.from, told.payload.attrs?.xmlns, told.type], [a.user, xmlns, 'get'], 'the event');
      await a.request('iq.reply', { iq: told.iq, payload: element('move', xmlns, 'e5') });
      const { data } = await query;
      same((data as { payload?: { children?: unknown } }).payload?.children, ['e5'], 'the answer');
      await a.refused('iq.reply', { iq: told.iq }, 'item-not-found');
    },
    'raw',
    'b',
  ],
  'raw.claim-taken': [
    'a namespace that the gateway answers itself cannot be claimed',
    async (lab) => {
      const a = await lab.connect();
      await a.refused('session.update', { iq: ['http://jabber.org/protocol/disco#info'] }, 'conflict');
    },
    'raw',
  ],
  'raw.stanza': [
    'stanza.send sends a message as an element or as text; a stanza that fits nothing is a stanza event where raw was asked for',
    async (lab) => {
      const a = await lab.connect('a', { raw: 'extra' });
      const [text, odd] = [lab.unique(), lab.unique()];
      const other = await lab.connect('a', { raw: 'full' });
      await a.request('stanza.send', { xml: `<message to='${a.user}' type='chat'><body>${text}</body></message>` });
      const heard = await a.heard(text);
      same(heard.from, a.user, 'from');
      expect((await other.heard(text)).stanza !== undefined, 'raw full does not show the stanza');
      const stanza = { name: 'message', attrs: { to: a.user }, children: [element('odd', 'urn:example:odd', odd)] };
      await a.request('stanza.send', { stanza });
      const told = await a.next('stanza');
      expect(JSON.stringify(told.stanza).includes(odd), 'the stanza event is of another stanza');
    },
    'raw',
  ],
  'raw.extra': [
    'extra of a message goes out beside the fields, and is shown to who asked for raw',
    async (lab) => {
      const a = await lab.connect('a', { raw: 'extra' });
      const text = lab.unique();
      const other = await lab.connect('a');
      await other.say(a.user, text, { extra: [element('move', 'urn:example:chess', 'e4')] });
      const { extra = [] } = await a.heard(text);
      const move = extra.find(({ name }) => name === 'move');
      same([move?.attrs?.xmlns, move?.children], ['urn:example:chess', ['e4']], 'the element in extra');
    },
    'raw',
  ],
  'raw.scope': [
    'escape hatches without the scope raw are forbidden',
    async (lab) => {
      const b = await lab.connect('b');
      await b.refused('iq.send', { type: 'get', payload: element('ping', 'urn:xmpp:ping') }, 'forbidden');
      await b.refused('iq.reply', { iq: 'x' }, 'forbidden');
      await b.refused('stanza.send', { xml: '<message/>' }, 'forbidden');
      await b.refused('session.update', { iq: ['urn:example:chess'] }, 'forbidden');
      await b.refused('message.send', { to: b.user, body: 'x', extra: [element('a', 'urn:example')] }, 'forbidden');
    },
    'tame',
  ],
});
