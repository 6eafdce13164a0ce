/** Addresses of ours in a spelling that is not ours: ejabberd passes on what its users wrote. */
import { expect, it } from 'vitest';
import { scene } from '../support/scene.ts';

const play = scene();

it.each([
  [
    'message',
    "<message type='chat' id='ID' from='romeo@example.com/x' to='Nobody@Web.Example.com/web'><body>hi</body></message>",
    'nobody@web.example.com/web',
  ],
  [
    'query',
    "<iq type='get' id='ID' from='romeo@example.com/x' to='WEB.example.com'><ping xmlns='urn:xmpp:ping'/></iq>",
    'web.example.com',
  ],
  [
    'query of nobody',
    "<iq type='get' id='ID' from='romeo@example.com/x' to='NOBODY@web.example.com'><odd xmlns='urn:odd'/></iq>",
    'nobody@web.example.com',
  ],
])('a %s is answered from the address as it should be', async (_, xml, from) => {
  const id = crypto.randomUUID();
  play.server.send(xml.replace('ID', id));
  const answer = await play.server.next(({ attrs }) => attrs.id === id);
  expect(answer.attrs).toMatchObject({ from, to: 'romeo@example.com/x' });
});
