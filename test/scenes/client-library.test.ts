/** The client library on a whole gateway, whose XMPP server does what the scene says: a link that goes, messages that bounce. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { el } from '../../src/xmpp/stanza.ts';
import { LibraryUser } from '../support/library-user.ts';
import { scene } from '../support/scene.ts';

const at = scene({ STANZAWIRE_LIMITS_SEND_TIMEOUT: '1s' });
const romeo = 'romeo@example.com';
let alice: LibraryUser;

beforeEach(async () => {
  alice = await LibraryUser.login(at.gateway, 'alice');
});
afterEach(() => alice.stop());

const rung = (status: string) =>
  alice.shows(({ messages }) => messages[romeo]?.at(-1)?.status === status, `the rung ${status}`);

test('a message waits for the link, longer than the gateway waits', async () => {
  await at.server.stop();
  await alice.shows(({ link }) => link === 'down', 'link down');
  const sending = alice.chat.send({ to: romeo, body: 'later' });
  await alice.frames.next((text) => text.includes('"code":"link-down"'));
  await rung('pending');
  await at.server.listen();
  expect((await at.server.next(({ attrs }) => attrs.id === sending.id, 20_000)).attrs).toMatchObject({ to: romeo });
  await sending;
  await rung('sent');
}, 30_000);

test('a message that bounces after its ok has failed, and says why', async () => {
  const sending = alice.chat.send({ to: romeo, body: 'anyone?' });
  await sending;
  const condition = el('service-unavailable', { xmlns: 'urn:ietf:params:xml:ns:xmpp-stanzas' });
  const bounce = { from: romeo, to: 'alice@web.example.com/web', type: 'error', id: sending.id };
  at.server.send(el('message', bounce, el('error', { type: 'cancel' }, condition)));
  const { messages } = await rung('failed');
  expect(messages[romeo]?.at(-1)).toMatchObject({ id: sending.id, error: { code: 'service-unavailable' } });
});
