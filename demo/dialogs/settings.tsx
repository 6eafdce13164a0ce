/** The user's own things: face, name, status, what others are told, whom not to hear, and how the page looks. */
import { useState } from 'preact/hooks';
import { useChat } from '../session.ts';
import { applyTheme, currentTheme, type Theme, themes } from '../theme.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { Blocked } from './blocked.tsx';
import { NotificationSettings } from './notifications.tsx';
import { Privacy } from './privacy.tsx';
import { ProfileForm } from './profile.tsx';

export function SettingsDialog({
  onClose,
  onSignOut,
}: {
  readonly onClose: () => void;
  readonly onSignOut: () => void;
}) {
  const user = useChat((snapshot) => snapshot.user);
  if (user === undefined) return null;
  return (
    <Dialog title="Settings" onClose={onClose} wide>
      <ProfileForm user={user} />
      <Looks />
      <NotificationSettings />
      <Privacy />
      <Blocked />
      <div class="row">
        <button type="button" class="danger" onClick={onSignOut}>
          <Icon name="leave" />
          Sign out
        </button>
      </div>
    </Dialog>
  );
}

const themeNames: Record<Theme, string> = { system: 'As the system', light: 'Light', dark: 'Dark' };

function Looks() {
  const [theme, setTheme] = useState(currentTheme());
  const choose = (next: Theme): void => {
    applyTheme(next);
    setTheme(next);
  };
  return (
    <fieldset class="choices">
      <legend>Looks</legend>
      {themes.map((one) => (
        <label key={one}>
          <input type="radio" name="theme" checked={one === theme} onChange={() => choose(one)} />
          {themeNames[one]}
        </label>
      ))}
    </fieldset>
  );
}
