// A sentence that must not be overlooked.

import type { ComponentProps, ReactNode } from 'react';

type Tone = 'note' | 'good' | 'bad';

const TONES: Record<Tone, { look: string; sign: string }> = {
  note: { look: 'bg-accent-soft text-ink', sign: '→' },
  good: { look: 'bg-good-soft text-good', sign: '✓' },
  bad: { look: 'bg-bad-soft text-bad', sign: '▲' },
};

interface NoticeProps extends Omit<ComponentProps<'div'>, 'title'> {
  tone?: Tone;
  title?: ReactNode;
  /** Read out when it appears: at once if something went wrong, else when there is time. */
  live?: boolean;
}

export function Notice({ tone = 'note', title, live = true, children, className, ...rest }: NoticeProps) {
  const { look, sign } = TONES[tone];
  return (
    <div
      {...rest}
      role={live ? (tone === 'bad' ? 'alert' : 'status') : undefined}
      className={`flex gap-3 rounded-lg px-4 py-3 ${look} ${className ?? ''}`}
    >
      <span aria-hidden="true" className="font-bold">
        {sign}
      </span>
      <div className="min-w-0">
        {title && <p className="font-semibold">{title}</p>}
        {children && <div className={title ? 'mt-0.5 text-ink' : 'font-semibold'}>{children}</div>}
      </div>
    </div>
  );
}
