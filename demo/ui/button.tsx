/** A button that is only an icon, with a name for everybody who does not see it. */
import type { Ref } from 'preact';
import { Icon, type IconName } from './icon.tsx';

interface Props {
  readonly icon: IconName;
  readonly label: string;
  readonly onClick?: (event: MouseEvent) => void;
  readonly class?: string;
  readonly pressed?: boolean;
  readonly expanded?: boolean;
  readonly type?: 'button' | 'submit';
  readonly disabled?: boolean;
  readonly tabIndex?: number;
  readonly buttonRef?: Ref<HTMLButtonElement>;
}

export function IconButton({ icon, label, type = 'button', pressed, expanded, buttonRef, ...rest }: Props) {
  return (
    <button
      {...rest}
      ref={buttonRef ?? null}
      type={type}
      class={`icon-button ${rest.class ?? ''}`}
      aria-label={label}
      title={label}
      {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
      {...(expanded === undefined ? {} : { 'aria-expanded': expanded, 'aria-haspopup': 'true' })}
    >
      <Icon name={icon} />
    </button>
  );
}
