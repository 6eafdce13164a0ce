/** The demo page: two web users and one XMPP user beside each other, and what passes on their wires. */
import { fillClients } from './clients.js';
import { Pane } from './pane.js';
import { animateHop } from './route.js';
import { WebUser } from './web-user.js';
import { XmppUser } from './xmpp-user.js';

const session = async () => {
  const response = await fetch('session.json');
  if (!response.ok) throw new Error(`session.json: ${response.status}`);
  return response.json();
};

try {
  const first = await session();
  document.querySelector('#notice').remove();
  fillClients(first);
  const people = [...first.web.map(({ jid }) => jid), first.xmpp.jid];
  for (const { jid } of first.web) {
    const credentials = async () => {
      const { gateway, web } = await session();
      return { url: gateway, token: web.find((user) => user.jid === jid).token };
    };
    open(jid, people, (on) => new WebUser({ jid, credentials, on }));
  }
  const credentials = async () => (await session()).xmpp;
  open(first.xmpp.jid, people, (on) => new XmppUser({ jid: first.xmpp.jid, credentials, on }));
} catch (error) {
  document.querySelector('#notice').textContent = `The quickstart does not answer (${error.message}). Is it running?`;
}

function open(jid, people, create) {
  const pane = new Pane(jid, people);
  const user = create({
    ...pane.on,
    frame: (frame) => {
      pane.on.frame(frame);
      animateHop(frame, people[0].split('@')[1]);
    },
  });
  document.querySelector('#panes').append(pane.element);
  pane.bind(user);
  void user.start();
}
