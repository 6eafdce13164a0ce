/** The quickstart's page: the demo with alice in it, and beside it romeo, an XMPP user, with what passes on his wire. */
import { fillClients } from './clients.js';
import { Pane } from './pane.js';
import { XmppUser } from './xmpp-user.js';

/** Where things are, and romeo's password. */
async function fetchSession() {
  const response = await fetch('session.json');
  if (!response.ok) throw new Error(`session.json: ${response.status}`);
  return response.json();
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
  const { web, xmpp } = session;
  const [alice] = web;
  fillClients(session);
  const frame = document.querySelector('#chat');
  // The same name of this machine as the page's own, so that the browser takes both for one site.
  const address = new URL(session.chat);
  address.hostname = location.hostname;
  frame.src = address.href;
  frame.hidden = false;
  document.querySelector('#alone').href = address.href;
  const pane = new Pane(xmpp.jid, [...web, xmpp.jid], alice);
  const credentials = async () => {
    const fresh = await fetchSession();
    // A quickstart that was restarted has other ports: the page must be a new one.
    if (fresh.chat !== session.chat) location.reload();
    return fresh.xmpp;
  };
  const user = new XmppUser({
    jid: xmpp.jid,
    credentials,
    on: { ...pane.on, roster: (jids) => greet(user, jids, alice) },
  });
  document.querySelector('#panes').append(pane.element);
  pane.bind(user);
  void user.start();
}

/** Somebody is there when alice comes for the first time. */
function greet(user, jids, alice) {
  if (jids.includes(alice)) return;
  user.add(alice);
  user.say(
    alice,
    'Hello Alice! I am Romeo, on the right, with an XMPP client. Will you let me see when you are online?',
  );
}
