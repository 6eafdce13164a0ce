/**
 * The scripted room service beside the real ones: one dialogue, line by line, and both answer alike. What is compared is
 * who is told what: kinds, types, conditions, status codes, roles, and which marks a message has.
 */
import { expect, test } from 'vitest';
import { type RawComponent, shakeHands } from '../support/peers/component.ts';
import type { XmlNode } from '../support/peers/xml.ts';
import { ScriptedMuc } from '../support/scripted-muc.ts';
import { ScriptedServer } from '../support/scripted-server.ts';
import { onEveryServer } from '../support/servers/each.ts';
import type { XmppServer } from '../support/servers/index.ts';

const room = 'tea@conference.example.test';
const mucNs = 'http://jabber.org/protocol/muc';
const jidOf = (who: string): string => `${who}@web.example.test/web`;

const join = (who: string, nick: string, inside = ''): string =>
  `<presence from="${jidOf(who)}" to="${room}/${nick}"><x xmlns="${mucNs}">${inside}</x></presence>`;
const presence = (who: string, nick: string, type = '', inside = ''): string =>
  `<presence from="${jidOf(who)}" to="${room}/${nick}"${type && ` type="${type}"`}>${inside}</presence>`;
const message = (who: string, to: string, type: string, inside: string): string =>
  `<message from="${jidOf(who)}" to="${to}" type="${type}" id="m">${inside}</message>`;
const iq = (who: string, type: string, payload: string, to = room): string =>
  `<iq from="${jidOf(who)}" to="${to}" type="${type}" id="q">${payload}</iq>`;
const admin = (item: string): string => iq('alice', 'set', `<query xmlns="${mucNs}#admin">${item}</query>`);
const field = (name: string, value: string): string => `<field var="${name}"><value>${value}</value></field>`;
const configure = (fields: Record<string, string>): string => {
  const all = { FORM_TYPE: `${mucNs}#roomconfig`, ...fields };
  const form = Object.entries(all).map(([name, value]) => field(name, value));
  return `<query xmlns="${mucNs}#owner"><x xmlns="jabber:x:data" type="submit">${form.join('')}</x></query>`;
};
const archive = (rsm: string): string =>
  `<query xmlns="urn:xmpp:mam:2"><set xmlns="http://jabber.org/protocol/rsm">${rsm}</set></query>`;

const dialogue: readonly string[] = [
  join('alice', 'Alice'),
  join('bob', 'Bob'),
  iq('alice', 'set', `<query xmlns="${mucNs}#owner"><x xmlns="jabber:x:data" type="submit"/></query>`),
  join('bob', 'Bob'),
  join('carol', 'Bob'),
  message('carol', room, 'groupchat', '<body>not in</body>'),
  message('alice', room, 'groupchat', '<body>one</body><origin-id xmlns="urn:xmpp:sid:0" id="m"/>'),
  message('bob', room, 'groupchat', '<body>two</body>'),
  message('alice', room, 'groupchat', '<subject>Tea</subject>'),
  message('alice', `${room}/Bob`, 'chat', '<body>psst</body>'),
  message('alice', `${room}/Nobody`, 'chat', '<body>psst</body>'),
  presence('bob', 'Alice'),
  presence('bob', 'Robert', '', '<show>away</show>'),
  presence('bob', 'Robert'),
  join('carol', 'Carol', '<history maxstanzas="1"/>'),
  iq('carol', 'set', archive('<max>1</max>')),
  iq('carol', 'set', archive('<max>1</max><before/>')),
  iq('alice', 'set', archive('<after>unknown</after>')),
  iq('carol', 'get', '<ping xmlns="urn:xmpp:ping"/>', `${room}/Carol`),
  iq('dave', 'get', '<ping xmlns="urn:xmpp:ping"/>', `${room}/Dave`),
  join('dave', 'Dave', '<history since="2036-01-01T00:00:00Z"/>'),
  presence('dave', 'Dave', 'unavailable', '<status>bye</status>'),
  admin('<item nick="Robert" role="visitor"/>'),
  message('bob', room, 'groupchat', '<body>no voice</body>'),
  admin('<item nick="Robert" role="participant"/>'),
  admin('<item nick="Robert" role="none"><reason>spam</reason></item>'),
  admin('<item jid="carol@web.example.test" affiliation="outcast"/>'),
  join('carol', 'Carol'),
  iq('carol', 'set', archive('<max>1</max>')),
  iq('bob', 'set', `<query xmlns="${mucNs}#owner"><destroy/></query>`),
  join('bob', 'Bob', '<history maxstanzas="0"/>'),
  message('bob', room, 'error', '<error type="cancel"><gone xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>'),
  iq('alice', 'set', configure({ 'muc#roomconfig_membersonly': '1' })),
  join('dave', 'Dave'),
  admin('<item jid="dave@web.example.test" affiliation="member"/>'),
  join('dave', 'Dave', '<history maxstanzas="0"/>'),
  admin('<item jid="dave@web.example.test" affiliation="none"/>'),
  iq('alice', 'set', `<query xmlns="${mucNs}#owner"><destroy jid="${room}"><reason>over</reason></destroy></query>`),
];

onEveryServer('the scripted room service', (server) => {
  test('answers a whole dialogue as the real one does', { timeout: 60_000 }, async () => {
    const scripted = await ScriptedServer.start({ domain: 'web.example.test', server: 'example.test' });
    ScriptedMuc.on(scripted, { domain: 'conference.example.test', like: server().name });
    const real = await shakeHands(whereIs(server()));
    const ours = await shakeHands({
      port: Number(new URL(scripted.service).port),
      domain: scripted.domain,
      secret: scripted.secret,
    });
    const said: object[] = [];
    const expected: object[] = [];
    for (const line of dialogue) {
      expected.push({ line, answers: await answersTo(real, line) });
      said.push({ line, answers: await answersTo(ours, line) });
    }
    expect(said).toEqual(expected);
    real.end();
    ours.end();
    await scripted.stop();
  });
});

function whereIs({ componentPort, componentDomain, secret }: XmppServer) {
  return { port: componentPort, domain: componentDomain, secret };
}

/** Says it, and gathers all that comes of it. */
async function answersTo(component: RawComponent, line: string): Promise<string[]> {
  component.send(line);
  // ejabberd's room may not be there yet for what follows its creation
  if (line === dialogue[0]) await component.next(({ name }) => name === 'message');
  // and answers nobody any more once it is destroyed
  const id = line === dialogue.at(-1) ? 'q' : crypto.randomUUID();
  const ping = '<ping xmlns="urn:xmpp:ping"/>';
  // a room handles what it gets in order
  if (id !== 'q') component.send(`<iq from="${jidOf('alice')}" to="${room}/Alice" type="get" id="${id}">${ping}</iq>`);
  await component.next(({ attrs }) => attrs.id === id);
  return component
    .take()
    .map(gist)
    .filter((text) => text !== '')
    .sort();
}

/** What matters in a stanza. */
function gist(stanza: XmlNode): string {
  const { name, attrs } = stanza;
  const x = stanza.child('x', `${mucNs}#user`);
  const item = x?.child('item');
  const codes = x?.elements.filter((each) => each.name === 'status').map((each) => each.attrs.code) ?? [];
  const condition = stanza.child('error')?.elements.find((each) => each.name !== 'text')?.name;
  const result = stanza.child('result')?.child('forwarded')?.child('message');
  const fin = stanza.child('fin');
  const shape = {
    to: attrs.to?.split('@')[0],
    from: attrs.from?.replace(room, ''),
    condition,
    codes: codes
      .map(Number)
      .sort((one, other) => one - other)
      .join(),
    item:
      item && [item.attrs.affiliation, name === 'presence' && item.attrs.role, item.attrs.nick, item.attrs.jid].join(),
    reason: item?.child('reason')?.text,
    // ejabberd does not say who has changed a role
    actor: attrs.type === 'unavailable' ? item?.child('actor')?.attrs.nick : undefined,
    destroy: x?.child('destroy')?.attrs.jid,
    show: stanza.child('show')?.text,
    body: name === 'message' && !condition ? stanza.child('body')?.text : undefined,
    subject: stanza.child('subject')?.text,
    originId: stanza.child('origin-id') && 'yes',
    stanzaId: stanza.child('stanza-id') && 'yes',
    // ejabberd 24.12 marks also what the room itself says
    occupantId: !condition && attrs.from !== room && stanza.child('occupant-id') ? 'yes' : undefined,
    delay: stanza.child('delay') && 'yes',
    result: result && [result.attrs.from, result.child('body')?.text, result.child('subject')?.text].join(),
    complete: fin && (fin.attrs.complete ?? 'false'),
    count: fin?.child('set')?.child('count')?.text,
  };
  const parts = Object.entries(shape).filter(([, value]) => value !== undefined && value !== '');
  return `${name} ${attrs.type ?? ''} ${parts.map(([key, value]) => `${key}=${String(value)}`).join(' ')}`;
}
