/** Asks to notify of messages, only when the user presses the button. */
import { useState } from 'preact/hooks';
import { Icon } from '../ui/icon.tsx';

const words = {
  granted: 'You are notified of messages while this page is in the background.',
  denied: 'Your browser does not allow it; its settings for this site can.',
  default: 'Be told of messages while you look elsewhere.',
};

export function NotificationSettings() {
  const [permission, setPermission] = useState(() =>
    'Notification' in globalThis ? Notification.permission : undefined,
  );
  if (permission === undefined) return null;
  return (
    <fieldset class="choices column">
      <legend>Notifications</legend>
      <p class="soft">{words[permission]}</p>
      {permission === 'default' && (
        <div class="row">
          <button type="button" onClick={() => void Notification.requestPermission().then(setPermission)}>
            <Icon name="bell" />
            Notify me
          </button>
        </div>
      )}
    </fieldset>
  );
}
