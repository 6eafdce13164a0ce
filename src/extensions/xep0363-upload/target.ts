/**
 * May the gateway put a file there? Only to hosts that belong to the announced service, by TLS: whoever can make it send
 * requests elsewhere would reach what only the gateway can reach.
 */
import type { Gateway } from '../../extension.ts';
import { StanzaError } from '../../protocol/errors.ts';
import { uploadService } from './service.ts';

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** @throws StanzaError not-allowed */
export function checkTarget(gateway: Gateway, address: string): void {
  const { protocol, hostname } = new URL(address);
  const hosts = [uploadService(gateway)?.jid, gateway.server, ...gateway.uploads.hosts];
  const isListed = hosts.some((host) => host?.toLowerCase() === hostname);
  if (isListed && (protocol === 'https:' || (protocol === 'http:' && loopback.test(hostname)))) return;
  throw new StanzaError(
    'not-allowed',
    isListed
      ? 'The upload service wants files without TLS'
      : `The upload service wants files at ${hostname}, which is not its own host: add it to uploads.hosts`,
  );
}
