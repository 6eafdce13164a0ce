/** Whom the user does not want to hear (XEP-0191). */
import { useEffect, useState } from 'preact/hooks';
import { useSession } from '../session.ts';
import { useViews } from '../ui/view.ts';

export function Blocked() {
  const { client } = useSession();
  const views = useViews();
  const [all, setAll] = useState<readonly string[]>([]);
  const [jid, setJid] = useState('');
  const load = (): void => {
    client.request('block.list', {}).then(
      ({ items }) => setAll(items),
      () => undefined,
    );
  };
  useEffect(() => {
    load();
    return client.on('block', load);
  }, [client]);
  const block = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!(await views.attempt(client.request('block.add', { jids: [jid.trim()] }), 'Blocked'))) return;
    setJid('');
    load();
  };
  const unblock = async (one: string): Promise<void> => {
    await views.attempt(client.request('block.remove', { jids: [one] }), `${one} may write again`);
    load();
  };
  return (
    <fieldset class="choices column">
      <legend>Blocked</legend>
      {all.length === 0 && <p class="soft">Nobody.</p>}
      <ul class="blocked">
        {all.map((one) => (
          <li key={one}>
            <span class="address">{one}</span>
            <button type="button" class="small" onClick={() => void unblock(one)}>
              Unblock<span class="hidden"> {one}</span>
            </button>
          </li>
        ))}
      </ul>
      <form class="row" onSubmit={(event) => void block(event)}>
        <input
          aria-label="Address to block"
          placeholder="name@example.com, or a domain"
          required
          value={jid}
          onInput={({ currentTarget }) => setJid(currentTarget.value)}
        />
        <button type="submit">Block</button>
      </form>
    </fieldset>
  );
}
