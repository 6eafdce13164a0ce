/** §12 Security rules of the wire. */
import { expect, same, section } from '../check.ts';
import type { Lab } from '../lab.ts';

/** Characters that XML 1.0 forbids, and halves of characters. */
const forbidden = ['\u0000', '\u0008', '\u000b', '\u001f', '\ufffe', '\uffff', '\ud800', '\udfff'];

/** XML that ends a stream, or is none of a client's business. */
const wrongXml: Record<string, string> = {
  'a document type': '<!DOCTYPE message><message to="a@b"/>',
  'an entity': '<message to="a@b"><body>&none;</body></message>',
  'a comment': '<message to="a@b"><!-- x --></message>',
  'a CDATA section': '<message to="a@b"><body><![CDATA[x]]></body></message>',
  'a processing instruction': '<?xml version="1.0"?><message to="a@b"/>',
  'two elements': '<message to="a@b"/><message to="a@b"/>',
  'the end of the stream': '<message to="a@b"/></stream:stream>',
  'half an element': '<message to="a@b">',
};

export const security = section(12, {
  'security.characters': [
    'what XML forbids is a bad-request that names the field, and the stream goes on',
    async (lab) => {
      const [a, b] = [await lab.connect(), await lab.connect('b')];
      for (const char of forbidden) {
        await a.refusedField('message.send', { to: b.user, body: `a${char}b` }, 'body');
        await a.refused('message.send', { to: `a${char}b@example.com`, body: 'x' }, 'bad-request', 'jid-malformed');
      }
      await a.refusedField(
        'message.send',
        { to: b.user, body: 'x', files: [{ url: 'https://a.example/', name: '\u0001' }] },
        'files.0.name',
      );
      const text = lab.unique();
      await a.say(b.user, text);
      await b.heard(text);
    },
    'b',
  ],
  'security.from': [
    'raw input that names another sender is forbidden',
    async (lab) => {
      const a = await lab.connect();
      const stanza = {
        name: 'message',
        attrs: { to: a.user, from: 'juliet@example.com' },
        children: [{ name: 'body', children: ['x'] }],
      };
      await a.refused('stanza.send', { stanza }, 'forbidden');
      await a.refused('stanza.send', { xml: `<message from='juliet@example.com' to='${a.user}'/>` }, 'forbidden');
      await a.none('message');
    },
    'raw',
  ],
  'security.xml': [
    'XML text that is more, less or other than one plain element is refused, and the stream goes on',
    async (lab) => {
      const a = await lab.connect();
      for (const [what, xml] of Object.entries(wrongXml)) {
        const { error } = await a.ask('stanza.send', { xml });
        expect(
          error !== undefined && ['bad-request', 'forbidden'].includes(error.code),
          `${what} is answered ${error?.code ?? 'ok'}`,
        );
      }
      await stillThere(lab);
    },
    'raw',
  ],
  'security.depth': [
    'raw input of more than 32 levels is refused',
    async (lab) => {
      const a = await lab.connect();
      let tree: { name: string; children?: unknown[] } = { name: 'a' };
      for (let i = 0; i < 40; i++) tree = { name: 'a', children: [tree] };
      const payload = { name: 'query', attrs: { xmlns: 'urn:example' }, children: [tree] };
      await a.refused('iq.send', { to: a.user, type: 'get', payload }, 'bad-request', 'too-large');
      await stillThere(lab);
    },
    'raw',
  ],
  'security.size': [
    "a frame within frameBytes whose stanza is beyond the link's limit is refused, and nobody else is harmed",
    async (lab) => {
      const a = await lab.connect();
      const bytes = a.ready.limits?.frameBytes ?? 0;
      const { error } = await a.ask('message.send', { to: a.user, body: '&'.repeat(bytes - 1000) });
      expect(error === undefined || error.code === 'too-large', `it is refused with ${error?.code}`);
      await stillThere(lab);
    },
  ],
  'security.names': [
    'names with prefixes, and names that are not ASCII, are refused',
    async (lab) => {
      const a = await lab.connect();
      for (const name of ['x:y', 'é', 'a b', '<a', '']) {
        await a.refused(
          'iq.send',
          { to: a.user, type: 'get', payload: { name, attrs: { xmlns: 'urn:example' } } },
          'bad-request',
        );
      }
      await stillThere(lab);
    },
    'raw',
  ],
  'security.privileges': [
    'rosters, privileges and delegations are forbidden anywhere in raw input',
    async (lab) => {
      const a = await lab.connect('a');
      for (const xmlns of [
        'jabber:iq:roster',
        'urn:xmpp:privilege:2',
        'urn:xmpp:delegation:2',
        'jabber:server',
        'jabber:server:dialback',
      ]) {
        await a.refused('iq.send', { type: 'get', payload: { name: 'query', attrs: { xmlns } } }, 'forbidden');
        const inner = { name: 'query', attrs: { xmlns } };
        const payload = { name: 'wrap', attrs: { xmlns: 'urn:example' }, children: [inner] };
        await a.refused('iq.send', { type: 'get', payload }, 'forbidden');
      }
      await a.refused('session.update', { iq: ['jabber:iq:roster'] }, 'forbidden');
    },
    'raw',
  ],
  'security.subscriptions': [
    'stanza.send takes no subscriptions, no probes and no queries',
    async (lab) => {
      const a = await lab.connect();
      for (const type of ['subscribe', 'subscribed', 'probe']) {
        const { error } = await a.ask('stanza.send', { stanza: { name: 'presence', attrs: { to: a.user, type } } });
        expect(error !== undefined, `presence of the type ${type} is sent`);
      }
      const { error } = await a.ask('stanza.send', {
        stanza: { name: 'iq', attrs: { to: a.user, type: 'get', id: 'x' } },
      });
      expect(error !== undefined, 'a query is sent');
    },
    'raw',
  ],
  'security.claims': [
    'delays, stanza-ids and occupant-ids that a client makes are taken out, and forged carbons are not unwrapped',
    async (lab) => {
      const [a, watcher] = [await lab.connect(), await lab.connect('a', { raw: 'full' })];
      const text = lab.unique();
      const forged = [
        { name: 'delay', attrs: { xmlns: 'urn:xmpp:delay', stamp: '2001-01-01T00:00:00Z', from: 'example.com' } },
        { name: 'stanza-id', attrs: { xmlns: 'urn:xmpp:sid:0', id: 'forged', by: a.user } },
        { name: 'occupant-id', attrs: { xmlns: 'urn:xmpp:occupant-id:0', id: 'forged' } },
      ];
      const { error } = await a.ask('message.send', { to: a.user, body: text, extra: forged });
      if (error) return same(error.code, 'forbidden', 'the code');
      const heard = await watcher.heard(text);
      expect(!heard.time.startsWith('2001') && heard.delay === undefined, 'the delay counts');
      same([heard.stanzaIds, heard.occupantId], [undefined, undefined], 'stanzaIds and occupantId');
    },
    'raw',
  ],
  'security.html': [
    'html is made safe: no script, no event, no remote content',
    async (lab) => {
      const [a, b] = [await lab.connect(), await lab.connect('b')];
      const body = lab.unique();
      const html =
        '<p onclick="alert(1)">hi <script>alert(1)</script><img src="https://tracker.example/x.png" onerror="alert(1)"><a href="javascript:alert(1)">x</a><iframe src="https://a.example"></iframe></p>';
      await a.say(b.user, body, { html });
      const { html: safe = '' } = await b.heard(body);
      for (const bad of ['<script', 'onclick', 'onerror', '<img', 'javascript:', '<iframe'])
        expect(!safe.toLowerCase().includes(bad), `it has ${bad}: ${safe}`);
    },
    'b',
  ],
  'security.files': [
    'addresses of files that do not begin with https, http or aesgcm are refused',
    async (lab) => {
      const a = await lab.connect();
      for (const url of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', '//a.example/x']) {
        const { field } = await a.refused('message.send', { to: a.user, body: 'x', files: [{ url }] }, 'bad-request');
        expect(field?.startsWith('files.0') === true, `the field is ${field}`);
      }
    },
  ],
  'security.strangers': [
    'typing goes to nobody who may not know that somebody is there, and is ok all the same',
    async (lab) => {
      // The third account has never written to anybody, and is nobody's contact.
      const [b, c] = [await lab.connect('b'), await lab.connect('c', { presence: {} })];
      await c.request('typing.send', { to: b.user, state: 'composing' });
      await c.settle();
      await b.none('typing');
    },
    'b',
    'c',
  ],
  'security.prototype': [
    'keys like __proto__ and constructor do no harm',
    async (lab) => {
      const a = await lab.connect();
      a.wire.send(
        '{"type":"settings.get","id":"p1","__proto__":{"x":1},"data":{"__proto__":{"admin":true},"constructor":{"prototype":{}}}}',
      );
      same((await a.answer('p1', 'settings.get')).type, 'ok', 'the answer');
    },
  ],
  'security.nesting': [
    'deeply nested JSON is refused, and the socket stays open',
    async (lab) => {
      const a = await lab.connect();
      const depth = 5000;
      a.wire.send(
        `{"type":"message.send","id":"deep","data":{"to":"${a.user}","body":"x","payload":{"json":${'['.repeat(depth)}${']'.repeat(depth)}}}}`,
      );
      a.wire.send({ type: 'ping', id: 'alive' });
      await a.answer('alive', 'ping');
    },
  ],
  'security.same-answer': [
    'a forged token and one for nobody get the same answer',
    async (lab) => {
      const answers = [];
      for (const token of [
        'forged',
        'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.',
        lab.token('a').replace(/[^.]+$/, 'AAAA'),
      ]) {
        const { error } = await lab.hello(await lab.open(), { token });
        answers.push([error?.code, error?.message]);
      }
      for (const answer of answers) same(answer, answers[0], 'the answer');
      same(answers[0]?.[0], 'token-invalid', 'the code');
    },
    'token',
  ],
});

/** The gateway's stream has not been ended by what came before. */
async function stillThere(lab: Lab): Promise<void> {
  const session = await lab.connect();
  same(session.ready.link, lab.facts.ready.link, 'the link');
}
