/** The first page: who is it? */
import { useState } from 'preact/hooks';
import type { Identity } from './session.ts';
import type { Site } from './site.ts';
import { Icon } from './ui/icon.tsx';

interface Props {
  readonly site: Site;
  readonly problem: string | undefined;
  readonly onSignIn: (identity: Identity) => void;
}

export function SignIn({ site, problem, onSignIn }: Props) {
  const [token, setToken] = useState('');
  const submit = (event: Event): void => {
    event.preventDefault();
    if (token.trim() !== '') onSignIn({ kind: 'token', token: token.trim() });
  };
  return (
    <main class="sign-in">
      <div class="card">
        <img src="/icon.svg" alt="" width="64" height="64" />
        <h1>Stanzawire chat</h1>
        <p class="soft">A web page in JSON, a world in XMPP.</p>
        {problem !== undefined && (
          <p class="problem" role="alert">
            <Icon name="alert" />
            {problem}
          </p>
        )}
        {!site.allowed && (
          <p class="problem" role="alert">
            <Icon name="alert" />
            This gateway lets no page at {location.origin} connect: add it to http.public.origins.
          </p>
        )}
        <div class="identities">
          {site.users.map((user) => (
            <button key={user} type="button" class="primary" onClick={() => onSignIn({ kind: 'user', user })}>
              Sign in as {user}
            </button>
          ))}
          {site.guests && (
            <button type="button" onClick={() => onSignIn({ kind: 'guest' })}>
              Come in as a guest
            </button>
          )}
        </div>
        <details open={site.users.length === 0 && !site.guests}>
          <summary>I have a token</summary>
          <form onSubmit={submit}>
            <label>
              Token
              <textarea
                rows={4}
                spellcheck={false}
                autocomplete="off"
                value={token}
                onInput={({ currentTarget }) => setToken(currentTarget.value)}
              />
            </label>
            <p class="hint">
              A JWT that your login service signs, or: <code>stanzawire token --user alice</code>
            </p>
            <button type="submit" class="primary">
              Sign in
            </button>
          </form>
        </details>
      </div>
    </main>
  );
}
