/** Who is here? A stranger asks accounts that exist, do not exist, are online or away, and compares the answers. */
import { beforeAll, expect, it } from 'vitest';
import { attack } from '../support/attack.ts';

attack('probing for accounts', (at) => {
  beforeAll(async () => {
    // Bob exists and is away; Carol exists, is online, and blocks the stranger.
    const bob = await at().gateway.login('bob');
    await bob.close();
    const carol = await at().gateway.login('carol');
    await carol.request('block.add', { jids: [at().mallory.split('/')[0] ?? ''] });
  });

  const queries = [
    '<query xmlns="http://jabber.org/protocol/disco#info"/>',
    '<query xmlns="http://jabber.org/protocol/disco#items"/>',
    '<query xmlns="jabber:iq:version"/>',
    '<query xmlns="jabber:iq:last"/>',
    '<time xmlns="urn:xmpp:time"/>',
    '<ping xmlns="urn:xmpp:ping"/>',
    '<vCard xmlns="vcard-temp"/>',
    '<vcard xmlns="urn:ietf:params:xml:ns:vcard-4.0"/>',
    '<pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="urn:xmpp:avatar:metadata"/></pubsub>',
    '<pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="http://jabber.org/protocol/nick"/></pubsub>',
    '<query xmlns="jabber:iq:roster"/>',
    '<query xmlns="urn:xmpp:mam:2"/>',
    '<query xmlns="urn:example:unknown"/>',
  ];

  it.each(queries)('%s has one answer, whoever is asked', async (payload) => {
    const { gateway } = at();
    for (const resource of ['', '/web', '/other']) {
      const answers: string[] = [];
      for (const who of ['alice', 'bob', 'carol', 'nobody-of-that-name']) {
        const to = `${who}@${gateway.domain}${resource}`;
        const answer = await at().ask(to, payload);
        answers.push(
          answer
            .toString()
            .replaceAll(to, 'X')
            .replaceAll(answer.attrs.id ?? '', 'ID'),
        );
      }
      expect(new Set(answers).size, answers.join('\n')).toBe(1);
    }
  });

  it.each(['probe', 'subscribe', undefined, 'unavailable'])('presence of type %s has one answer too', async (type) => {
    const { gateway, evil } = at();
    const attribute = type === undefined ? '' : ` type="${type}"`;
    const heard: string[] = [];
    for (const who of ['alice', 'bob', 'nobody-of-that-name']) {
      const to = `${who}@${gateway.domain}`;
      evil.take();
      await at().outcome(`<presence from="${at().mallory}" to="${to}"${attribute}/>`);
      // What came back is here before the answer to a query that was sent after it.
      await at().ask(gateway.domain, '<ping xmlns="urn:xmpp:ping"/>');
      heard.push(
        evil
          .take()
          .map((stanza) => stanza.toString().replaceAll(to, 'X'))
          .join('\n'),
      );
    }
    expect(new Set(heard).size, heard.join('\n--\n')).toBe(1);
  });

  it('typing, receipts and markers that a client asks for do not go to a stranger', async () => {
    const { alice, evil } = at();
    evil.take();
    const chat = at().mallory.split('/')[0] ?? '';
    await at().outcome(
      `<message from="${at().mallory}" to="${alice.user}" type="chat" id="bait"><body>?</body>` +
        '<request xmlns="urn:xmpp:receipts"/><markable xmlns="urn:xmpp:chat-markers:0"/></message>',
    );
    await alice.request('typing.send', { to: chat, state: 'composing' });
    const { items } = await alice.request('history.get', { chat, max: 5 });
    const archiveId = String(Reflect.get(Object(items.at(-1)?.data), 'archiveId'));
    await alice.answer({ type: 'message.mark', data: { chat, archiveId } });
    await at().ask(at().gateway.domain, '<ping xmlns="urn:xmpp:ping"/>');
    expect(evil.take().map(String)).toEqual([]);
  });
});
