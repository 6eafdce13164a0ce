/** A JSON object, POSTed to the operator's backend with a signature: what webhooks and the check of tokens have in common. */
import type { Answer, Poster } from './post.ts';
import { signed } from './signature.ts';

export interface SignedRequest {
  readonly url: string;
  readonly secret: string;
  /** The same at every try of the same thing. */
  readonly id: string;
  readonly body: string;
  readonly timeoutMs: number;
}

/** @throws Error where there is no answer in time */
export type SignedPost = (request: SignedRequest) => Promise<Answer>;

export function signedPost(poster: Poster, version: string, now: () => number = Date.now): SignedPost {
  return ({ url, secret, id, body, timeoutMs }) => {
    const headers = {
      'content-type': 'application/json',
      'user-agent': `stanzawire/${version}`,
      ...signed(secret, id, body, now()),
    };
    return poster.post({ url, headers, body, timeoutMs });
  };
}
