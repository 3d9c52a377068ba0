// A question that has to be answered before anything else.

import { useEffect, useRef, type ReactNode } from 'react';

interface DialogProps {
  open: boolean;
  title: string;
  /** It was left without an answer. */
  onClose: () => void;
  children: ReactNode;
}

export function Dialog({ open, title, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="dialog-title"
      onClose={onClose}
      className="m-auto w-[min(28rem,calc(100vw-2rem))] rounded-2xl bg-card p-6 text-left text-ink shadow-(--shadow) backdrop:bg-[rgb(0_0_0/60%)]"
    >
      <h2 id="dialog-title" className="text-2xl">
        {title}
      </h2>
      {children}
    </dialog>
  );
}
