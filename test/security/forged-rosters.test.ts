/** Roster pushes, subscriptions that nobody asked for, and rights that only a server grants, from a stranger. */
import { expect, it } from 'vitest';
import { attack, evilDomain } from '../support/attack.ts';

attack('forged rosters', (at) => {
  const contacts = async () => (await at().alice.request('contact.list', {})).items;
  const item = `<item jid="mallory@${evilDomain}" name="Mum" subscription="both"/>`;

  it.each([
    ['a push', `<query xmlns="jabber:iq:roster">${item}</query>`, 'set'],
    [
      'a push that removes',
      '<query xmlns="jabber:iq:roster"><item jid="romeo@example.test" subscription="remove"/></query>',
      'set',
    ],
    ['a query for the roster', '<query xmlns="jabber:iq:roster"/>', 'get'],
    ['a block list', '<block xmlns="urn:xmpp:blocking"><item jid="romeo@example.test"/></block>', 'set'],
    ['a query for the block list', '<blocklist xmlns="urn:xmpp:blocking"/>', 'get'],
    ['a private store', '<query xmlns="jabber:iq:private"><storage xmlns="storage:bookmarks"/></query>', 'get'],
    ['a registration', '<query xmlns="jabber:iq:register"><remove/></query>', 'set'],
    ['a session for carbons', '<enable xmlns="urn:xmpp:carbons:2"/>', 'set'],
    ['an archive query', '<query xmlns="urn:xmpp:mam:2"/>', 'set'],
    ['archive preferences', '<prefs xmlns="urn:xmpp:mam:2" default="never"/>', 'set'],
    ['rights', '<perms xmlns="urn:xmpp:privilege:2"/>', 'set'],
    ['a vcard that is written', '<vCard xmlns="vcard-temp"><FN>Evil</FN></vCard>', 'set'],
    [
      'a pubsub item that is written',
      '<pubsub xmlns="http://jabber.org/protocol/pubsub"><publish node="urn:xmpp:avatar:data"><item/></publish></pubsub>',
      'set',
    ],
    [
      'a pubsub node that is deleted',
      '<pubsub xmlns="http://jabber.org/protocol/pubsub#owner"><delete node="urn:xmpp:avatar:data"/></pubsub>',
      'set',
    ],
    [
      'an admin command',
      '<command xmlns="http://jabber.org/protocol/commands" node="http://jabber.org/protocol/admin#delete-user"/>',
      'set',
    ],
  ])('%s is refused, from every address, at every address', async (_, payload, type) => {
    const before = await contacts();
    const { alice, gateway } = at();
    for (const from of [at().mallory, evilDomain, `alice@${evilDomain}/web`]) {
      for (const to of [alice.user, `${alice.user}/web`, gateway.domain]) {
        const answer = await at().ask(to, payload, { from, type });
        expect(answer.attrs.type, `${from} to ${to}`).toBe('error');
      }
    }
    expect(await contacts()).toEqual(before);
    expect(await at().outcome('')).toEqual([]);
  });

  it.each(['subscribed', 'unsubscribed', 'unsubscribe', undefined, 'unavailable', 'probe', 'error'])(
    'presence of type %s that nobody asked for makes no contact, and shows nobody',
    async (type) => {
      const before = await contacts();
      const attribute = type === undefined ? '' : ` type="${type}"`;
      const xml = `<presence from="${at().mallory}" to="${at().alice.user}"${attribute}><nick xmlns="http://jabber.org/protocol/nick">Romeo</nick></presence>`;
      const heard = await at().outcome(xml);
      expect(heard.filter(({ type: kind }) => kind === 'contact' || kind === 'contact.removed')).toEqual([]);
      expect(heard.filter(({ data }) => String(data?.user).startsWith('romeo@example.test'))).toEqual([]);
      expect(await contacts()).toEqual(before);
    },
  );

  it('a list of contacts that somebody sends is no list of ours (XEP-0144)', async () => {
    const before = await contacts();
    const exchange = `<x xmlns="http://jabber.org/protocol/rosterx"><item action="add" jid="mallory@${evilDomain}"/></x>`;
    await at().outcome(
      `<message from="${at().mallory}" to="${at().alice.user}"><body>add me</body>${exchange}</message>`,
    );
    expect(await contacts()).toEqual(before);
  });
});
