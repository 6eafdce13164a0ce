/** What the gateway that serves this page offers: where its WebSocket is, and as whom one may sign in. */

export interface Site {
  /** The path of the WebSocket. */
  readonly path: string;
  /** May one come without a token? */
  readonly guests: boolean;
  /** Whom one may be without a password. */
  readonly users: readonly string[];
  /** Does the gateway let this page connect? */
  readonly allowed: boolean;
}

export async function readSite(): Promise<Site> {
  const response = await fetch('/demo.json');
  if (!response.ok) throw new Error(`demo.json: ${response.status}`);
  return (await response.json()) as Site;
}

/** A fresh token for a demo user; an application would ask its own backend. */
export async function demoToken(user: string): Promise<string> {
  const response = await fetch('/demo/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user }),
  });
  const { token, error } = (await response.json()) as { token?: string; error?: string };
  if (token === undefined) throw new Error(error ?? `demo/token: ${response.status}`);
  return token;
}

export function socketUrl({ path }: Site): string {
  return new URL(path, location.href.replace(/^http/, 'ws')).href;
}
