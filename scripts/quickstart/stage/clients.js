/** The dialog that says how to take part with another client. */

/** Fills it from session.json and makes its button work. */
export function fillClients({ gateway, xmpp, guest }) {
  const dialog = document.querySelector('#clients');
  document.querySelector('#own-client').onclick = () => dialog.showModal();
  const account = { Address: xmpp.jid, Password: xmpp.password, Server: xmpp.host, Port: String(xmpp.port) };
  for (const [name, value] of Object.entries(account)) {
    const term = document.createElement('dt');
    term.textContent = name;
    const description = document.createElement('dd');
    description.append(copyable(value, name));
    document.querySelector('#account').append(term, description);
  }
  const lines = [
    `websocat ${gateway}`,
    JSON.stringify({ type: 'connect', id: 1, data: { token: guest.token } }),
    JSON.stringify({ type: 'message.send', id: 2, data: { to: xmpp.jid, body: 'hello from a terminal' } }),
  ];
  const what = ['The command', 'The first frame', 'A message'];
  document.querySelector('#terminal').append(...lines.map((line, index) => copyable(line, what[index])));
}

/** A line of code with a button that copies it. */
function copyable(text, what) {
  const line = document.createElement('div');
  line.className = 'copyable';
  const code = document.createElement('code');
  code.textContent = text;
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy';
  button.setAttribute('aria-label', `Copy: ${what}`);
  button.onclick = async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
    setTimeout(() => {
      button.textContent = 'Copy';
    }, 1500);
  };
  line.append(code, button);
  return line;
}
