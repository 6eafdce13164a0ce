/** Asks to notify of messages, only when the user presses the button. */
import { useState } from 'preact/hooks';
import { wakeMe } from '../push.ts';
import { useSession } from '../session.ts';
import { Icon } from '../ui/icon.tsx';
import { useViews } from '../ui/view.ts';

const words = {
  granted: 'You are told of messages while you look elsewhere.',
  denied: 'Your browser does not allow it; its settings for this site can.',
  default: 'Be told of messages while you look elsewhere.',
};

export function NotificationSettings() {
  const { client } = useSession();
  const views = useViews();
  const [permission, setPermission] = useState(() =>
    'Notification' in globalThis ? Notification.permission : undefined,
  );
  const ask = async (): Promise<void> => {
    setPermission(await Notification.requestPermission());
    const isWoken = await wakeMe(client).catch(() => false);
    views.note(isWoken ? 'This browser is woken, also when no page is open' : 'You are told while this page is open');
  };
  if (permission === undefined) return null;
  return (
    <fieldset class="choices column">
      <legend>Notifications</legend>
      <p class="soft">{words[permission]}</p>
      {permission === 'default' && (
        <div class="row">
          <button type="button" onClick={() => void ask()}>
            <Icon name="bell" />
            Notify me
          </button>
        </div>
      )}
    </fieldset>
  );
}
