/** The manual, as --help prints it. */
import { exitMeanings } from './exit-codes.ts';

export function manual(version: string): string {
  return `stanzawire ${version} — JSON over WebSocket for the users of an XMPP server

Usage
  stanzawire --config FILE              run the gateway
  stanzawire --config FILE --check      check the configuration, print it in full without its secrets, and exit
  stanzawire --config FILE --check=link the same, and try the handshake with the XMPP server
  stanzawire token --user NAME --config FILE [--ttl 1h] [--scope raw]
                                        print a token for a user, signed with auth.jwt.secret
  stanzawire drain --config FILE [--timeout 60s]
                                        let the gateway that runs here with this configuration drain, and wait for it
  stanzawire conformance wss://HOST/ws … check a running gateway against the protocol: see conformance --help

Options
  -c, --config FILE   the configuration, YAML; without it, the environment and the defaults alone
      --check[=link]  check and exit
  -v, --version       print the version
  -h, --help          print this manual

Options of token
      --user NAME     whom the token is for; the name becomes the local part of the user's address
      --ttl TIME      how long it lasts: 500ms, 30s, 5m, 1h, 7d (default 1h)
      --scope NAME    what it allows beyond chat, such as raw; may be repeated

Options of drain
      --timeout TIME  how long to wait (default drain.time and 15s)
  It asks at http.internal.port, and proves with xmpp.secret that it may. The gateway refuses new clients, closes those
  it has over drain.time, then the link and the store. Its process stays, for probes and metrics, until SIGTERM or
  SIGINT, which then end it at once. It is meant for preStop of a Kubernetes pod.

Configuration
  docs/configuration.md lists every key; config.example.yaml is a file to start from. At the least:
    xmpp: { domain: web.example.com, secretFile: /run/secrets/xmpp }
    auth: { jwt: { secretFile: /run/secrets/jwt } }
    http: { public: { origins: [https://chat.example.com] } }

Environment
  Every key has a variable, which goes before the file: STANZAWIRE_, then the key in capitals, with _ for each dot and
  before each capital letter. Lists are written with commas. Empty variables count as absent.
    xmpp.secret              STANZAWIRE_XMPP_SECRET
    xmpp.secretFile          STANZAWIRE_XMPP_SECRET_FILE
    sessions.resumeWindow    STANZAWIRE_SESSIONS_RESUME_WINDOW
    http.public.origins      STANZAWIRE_HTTP_PUBLIC_ORIGINS

Signals
  SIGTERM, SIGINT     stop: the drain, then exit 0; a second one exits at once, with 1
  SIGHUP              read the configuration and the files of secrets again; so does a change of these files

Exit codes
${exitLines()}
`;
}

function exitLines(): string {
  return exitMeanings.map(([code, meaning]) => `  ${String(code).padEnd(4)}${meaning}`).join('\n');
}
