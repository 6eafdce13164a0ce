/** Configuration keys: the link to the XMPP server. */
import { integer, secret, text } from '../kinds.ts';

export const xmpp = {
  service: text({
    description:
      "The XMPP server's component port. `xmpp://` is clear text (XEP-0114), for loopback and private networks; `xmpps://` is TLS from the first byte (ejabberd's `tls: true`, Prosody's net_multiplex).",
    default: 'xmpp://127.0.0.1:5347',
    pattern: '^xmpps?://(?:\\[[0-9A-Fa-f:.]+\\]|[^\\s/:@?#\\[\\]]+):[0-9]{1,5}$',
    write: 'xmpp://HOST:PORT or xmpps://HOST:PORT, like xmpp://127.0.0.1:5347',
  }),
  domain: text({
    description: "The gateway's own domain, as the XMPP server's configuration names the component.",
    example: 'web.example.com',
    write: 'a domain name, like web.example.com',
  }),
  secret: secret({
    reload: true,
    description: "The component's secret, as the XMPP server's configuration has it. Required, here or in a file.",
  }),
  server: text({
    description: "The XMPP server's own domain: it is pinged to learn what the server has taken.",
    otherwise: 'the parent of `xmpp.domain`; required when the domain has two labels or fewer',
    example: 'example.com',
    write: 'a domain name, like example.com',
  }),
  pace: integer(1, 1_000_000, {
    reload: true,
    description:
      'Presence, probes and joins of rooms a second, at most, when many accounts come online at once: after a start, or when the link is back. What one user changes does not wait behind them.',
    default: 500,
  }),
};
