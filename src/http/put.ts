/** The one HTTP request that the gateway makes for its users: a file goes to the slot of an upload service (XEP-0363). */
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { StanzaError } from '../protocol/errors.ts';
import { uploadCondition } from '../protocol/upload-status.ts';
import type { HttpPut, HttpUpload, PutFile } from '../transfer.ts';

const defaults = {
  /** Without a byte in either direction, while something is to be written or an answer is awaited. */
  stallMs: 30_000,
};

export function createPut(timing: Partial<typeof defaults> = {}): PutFile {
  const { stallMs } = { ...defaults, ...timing };
  return (put) => begin(put, stallMs);
}

function begin({ url, headers, size }: HttpPut, stallMs: number): HttpUpload {
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  done.catch(() => undefined);
  const request = url.startsWith('https:') ? tlsRequest : plainRequest;
  // A connection of its own: one that is shared could be closed by the service in the middle of a file.
  const sent = request(url, { method: 'PUT', agent: false, headers: { ...headers, 'content-length': size } });
  let settled = false;
  let written = 0;
  let queued = 0;
  let timer: NodeJS.Timeout | undefined;
  const settle = (end: () => void): void => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    end();
    sent.destroy();
  };
  const fail = (error: StanzaError): void => settle(() => reject(error));
  // While all that came has left, it is the client that is awaited: whoever writes watches that.
  const watch = (): void => {
    clearTimeout(timer);
    if (settled || (queued === 0 && written < size)) return;
    timer = setTimeout(() => fail(new StanzaError('timeout', 'The upload service did not go on in time')), stallMs);
  };
  sent.on('error', (error) => fail(unreachable(error)));
  sent.on('close', () => fail(new StanzaError('remote-server-timeout', 'The upload service ended the connection')));
  sent.on('response', (response) => {
    response.resume();
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300 && written + queued === size) settle(resolve);
    else fail(refusal(status));
  });
  return {
    done,
    abort: () => fail(new StanzaError('undefined-condition', 'The upload was cancelled')),
    write: (bytes, taken) => {
      if (settled) return;
      queued += bytes.length;
      watch();
      sent.write(bytes, (error) => {
        if (error || settled) return;
        queued -= bytes.length;
        written += bytes.length;
        watch();
        taken();
      });
      if (written + queued === size) sent.end();
    },
  };
}

function unreachable(error: Error & { code?: string }): StanzaError {
  const failed = new StanzaError(
    'remote-server-timeout',
    `The upload service cannot be reached (${error.code ?? 'no connection'})`,
  );
  failed.cause = error;
  return failed;
}

/** The text of an answer is a stranger's and is not passed on. */
function refusal(status: number): StanzaError {
  return new StanzaError(uploadCondition(status), `The upload service answered ${status}`);
}
