/** What others are told without being asked; the same on all devices. */
import { useEffect, useState } from 'preact/hooks';
import type { RequestResult } from 'stanzawire/client';
import { useSession } from '../session.ts';
import { useViews } from '../ui/view.ts';

type Settings = RequestResult<'settings.get'>;

const words: Record<keyof Settings, string> = {
  sendReceipts: 'Tell others that their messages have come',
  sendMarkers: 'Tell others what I have read',
  sendTyping: 'Tell others that I am typing',
};

export function Privacy() {
  const { client } = useSession();
  const views = useViews();
  const [settings, setSettings] = useState<Settings>();
  useEffect(() => {
    void views.attempt(client.request('settings.get', {}).then(setSettings));
    return client.on('settings', setSettings);
  }, [client, views]);
  const set = (key: keyof Settings, value: boolean): void =>
    void views.attempt(client.request('settings.set', { [key]: value }).then(setSettings));
  return (
    <fieldset class="choices column">
      <legend>Privacy</legend>
      {(Object.keys(words) as (keyof Settings)[]).map((key) => (
        <label key={key}>
          <input
            type="checkbox"
            disabled={settings === undefined}
            checked={settings?.[key] ?? true}
            onChange={({ currentTarget }) => set(key, currentTarget.checked)}
          />
          {words[key]}
        </label>
      ))}
    </fieldset>
  );
}
