/** What stands between the user and the others: no connection to the gateway, or none between it and its XMPP server. */
import { useEffect, useState } from 'preact/hooks';
import type { StatusChange } from 'stanzawire/client';
import { useChat, useSession } from '../session.ts';
import { Icon } from './icon.tsx';

export function Banners() {
  const { client } = useSession();
  const link = useChat((snapshot) => snapshot.link);
  const [change, setChange] = useState<StatusChange>({ status: client.status });
  useEffect(() => client.on('status', setChange), [client]);
  const text = words(change, link);
  return (
    <div class="banner-place" role="status">
      {text !== undefined && (
        <div class={change.status === 'stopped' ? 'banner bad' : 'banner'}>
          <Icon name="alert" />
          <span>{text}</span>
          {(change.status === 'waiting' || change.status === 'stopped') && (
            <button type="button" onClick={() => client.reconnect()}>
              Try now
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function words({ status, error }: StatusChange, link: 'up' | 'down'): string | undefined {
  if (status === 'waiting') return 'You are offline. What you write is sent when you are back.';
  if (status === 'stopped') return `Disconnected: ${error?.message ?? 'you have signed out'}`;
  if (status === 'online' && link === 'down') return 'The XMPP server cannot be reached. Messages wait for it.';
  return undefined;
}
