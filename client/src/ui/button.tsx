// Buttons, and links that look like them.

import { createLink } from '@tanstack/react-router';
import type { ComponentProps } from 'react';

/** `ink` stands on the accent's colour, where `primary` would not be seen. */
type Look = 'primary' | 'secondary' | 'ink' | 'quiet' | 'danger';

const LOOKS: Record<Look, string> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-strong',
  secondary: 'bg-card text-ink inset-ring-2 inset-ring-ink hover:bg-ink hover:text-paper',
  ink: 'bg-on-accent text-white hover:bg-[#2c3a33]',
  quiet: 'text-ink underline underline-offset-4 hover:bg-accent hover:text-on-accent',
  danger: 'bg-card text-bad inset-ring-2 inset-ring-bad hover:bg-bad hover:text-card',
};

/** `inline`: at the edge of something else, which it is flush with. */
type Size = 'usual' | 'small' | 'inline';

const SIZES: Record<Size, string> = {
  usual: 'min-h-12 px-5 py-2.5',
  small: 'min-h-10 px-4 py-1.5',
  inline: 'min-h-10 px-2 -mx-2',
};

function classes(look: Look, size: Size, isWide: boolean, more = '') {
  return `inline-flex items-center justify-center gap-2 rounded-lg text-center leading-tight font-semibold
    transition-colors select-none ${LOOKS[look]} ${SIZES[size]} ${isWide ? 'w-full' : ''} ${more}`;
}

interface Looks {
  look?: Look;
  size?: Size;
  /** As wide as what it is in. */
  wide?: boolean;
}

interface ButtonProps extends ComponentProps<'button'>, Looks {
  /** What it says while what it does is being done; then it takes no second click, and keeps the focus. */
  busy?: string | false | undefined;
}

export function Button({
  look = 'primary',
  size = 'usual',
  wide = false,
  busy,
  className,
  onClick,
  children,
  ...rest
}: ButtonProps) {
  const isOff = Boolean(busy) || rest['aria-disabled'] === true;
  return (
    <button
      type="button"
      {...rest}
      aria-disabled={isOff || undefined}
      onClick={(event) => {
        if (isOff) event.preventDefault();
        else onClick?.(event);
      }}
      className={classes(
        look,
        size,
        wide,
        `${className ?? ''} aria-disabled:cursor-default aria-disabled:opacity-70`,
      )}
    >
      {busy ? (
        <>
          <Spinner /> {busy}
        </>
      ) : (
        children
      )}
    </button>
  );
}

type AnchorProps = ComponentProps<'a'> & Looks;

export const ButtonLink = createLink(function ButtonAnchor({
  look = 'primary',
  size = 'usual',
  wide = false,
  className,
  ...rest
}: AnchorProps) {
  // eslint-disable-next-line jsx-a11y/anchor-has-content -- it is among the rest
  return <a {...rest} className={classes(look, size, wide, className)} />;
});

export function Spinner() {
  return (
    <svg
      viewBox="0 0 20 20"
      className="size-5 shrink-0 animate-[turn_0.8s_linear_infinite]"
      aria-hidden="true"
    >
      <circle cx="10" cy="10" r="7.5" fill="none" stroke="currentColor" strokeWidth="3" opacity="0.25" />
      <path
        d="M10 2.5a7.5 7.5 0 0 1 7.5 7.5"
        fill="none"
        stroke="currentColor"
        strokeWidth="3"
        strokeLinecap="round"
      />
    </svg>
  );
}
