/** What the quickstart tells its user. */
import { mintToken } from './config.mjs';

const bold = (text) => (process.stdout.isTTY && !process.env.NO_COLOR ? `\u001b[1m${text}\u001b[22m` : text);

/** Printed when everything runs. */
export function greeting(stage, { prosody, folder }) {
  const { ports, xmppUser, server, domain } = stage;
  const own = stage.ownOrigin
    ? `
${bold('With a page of your own')}, at ${stage.ownOrigin}: give these to its server
  GATEWAY=ws://127.0.0.1:${ports.gateway}/ws
  SECRET=${stage.tokenSecret}
`
    : '';
  const connect = { type: 'connect', id: 1, data: { token: mintToken(stage, 'carol', 24 * 3600) } };
  const send = { type: 'message.send', id: 2, data: { to: `romeo@${server}`, body: 'hello from a terminal' } };
  const join = { type: 'room.join', id: 3, data: { room: `hall@rooms.${server}`, nick: 'carol' } };
  return `
${bold('Stanzawire is running.')} Open ${bold(`http://127.0.0.1:${ports.page}/`)}

  alice@${domain} chats in JSON on the left, romeo@${server} in XMPP on the right.
  The chat page alone, for alice, bob and guests: http://127.0.0.1:${ports.gateway}/

${bold('With any XMPP client on this machine')}
  address   ${xmppUser.name}@${server}
  password  ${xmppUser.password}
  server    127.0.0.1, port ${ports.c2s}, without encryption (profanity: --tls disable)

${bold('With a terminal')}, as carol: websocat ws://127.0.0.1:${ports.gateway}/ws
  ${JSON.stringify(connect)}
  ${JSON.stringify(send)}
  ${JSON.stringify(join)}
${own}
${prosody}, the gateway and their data live in ${folder}.
Ctrl-C stops them and removes it.`;
}

/** Printed when Prosody is missing and may not be installed. */
export function howToInstall() {
  return `The quickstart needs Prosody, a small XMPP server, and it is not installed here. Install it and try again:

  Debian, Ubuntu   sudo apt-get install prosody
  Fedora           sudo dnf install prosody
  Arch             sudo pacman -S prosody
  Alpine           sudo apk add prosody
  macOS            brew install prosody/prosody/prosody

The quickstart starts an instance of its own: a system service that the package brings may be stopped and disabled.
Or run all of it in a container, which installs Prosody for itself (Docker Desktop: enable host networking):

  docker run --rm -it --init --network host -v "$PWD":/app -v /app/node_modules -w /app node:24 npm run quickstart`;
}
