/** The demo page: two web users and one XMPP user beside each other, and what passes on their wires. */
import { fillClients } from './clients.js';
import { Pane } from './pane.js';
import { animateHop } from './route.js';
import { WebUser } from './web-user.js';
import { XmppUser } from './xmpp-user.js';

/** Who takes part, where, and with which token or password; the tokens are fresh ones each time. */
async function fetchSession() {
  const response = await fetch('session.json');
  if (!response.ok) throw new Error(`session.json: ${response.status}`);
  return response.json();
}

/** The same for a user who connects again. A quickstart that was restarted has new ports: the page must be a new one. */
async function fetchAgain(session) {
  const fresh = await fetchSession();
  if (fresh.gateway !== session.gateway) location.reload();
  return fresh;
}

const notice = document.querySelector('#notice');
try {
  const session = await fetchSession();
  notice.remove();
  start(session);
} catch (error) {
  notice.textContent = `The quickstart does not answer (${error.message}). Is it running?`;
}

function start(session) {
  const romeo = session.xmpp.jid;
  const [alice, ...others] = session.web.map(({ jid }) => jid);
  const people = [alice, ...others, romeo];
  fillClients(session);
  for (const jid of [alice, ...others]) {
    const credentials = async () => {
      const { gateway, web } = await fetchAgain(session);
      return { url: gateway, token: web.find((user) => user.jid === jid).token };
    };
    openPane(new Pane(jid, people, jid === alice ? romeo : alice), (on) => new WebUser({ jid, credentials, on }));
  }
  const credentials = async () => (await fetchAgain(session)).xmpp;
  openPane(new Pane(romeo, people, alice), (on) => new XmppUser({ jid: romeo, credentials, on }));
}

function openPane(pane, createUser) {
  const frame = (what) => {
    pane.on.frame(what);
    animateHop(what);
  };
  const user = createUser({ ...pane.on, frame });
  document.querySelector('#panes').append(pane.element);
  pane.bind(user);
  void user.start();
}
