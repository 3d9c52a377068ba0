// A labelled field with its hint and its error, each tied to it for those who do not see where they stand.

import { useId, type ComponentProps, type ReactNode } from 'react';

interface FieldProps extends Omit<ComponentProps<'input'>, 'id'> {
  label: string;
  name: string;
  hint?: ReactNode;
  /** What is wrong with what was entered. */
  error?: string | undefined;
  /** What stands before what is entered, like a currency. */
  prefix?: string | undefined;
}

export function Field({ label, hint, error, prefix, className, ...input }: FieldProps) {
  const id = useId();
  const told = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(' ');
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 block font-semibold">
        {label}
      </label>
      {hint && (
        <p id={`${id}-hint`} className="mb-1.5 text-sm text-muted">
          {hint}
        </p>
      )}
      <span className={frame(Boolean(error))}>
        {prefix && (
          <span className="pl-3.5 text-muted" aria-hidden="true">
            {prefix}
          </span>
        )}
        <input
          {...input}
          id={id}
          aria-invalid={error ? true : undefined}
          aria-describedby={told || undefined}
          className="min-h-12 w-full rounded-lg bg-transparent px-3.5 py-2 outline-none placeholder:text-muted read-only:text-muted"
        />
      </span>
      {error && (
        <p id={`${id}-error`} className="mt-1.5 flex gap-1.5 text-sm font-semibold text-bad">
          <span aria-hidden="true">▲</span>
          {error}
        </p>
      )}
    </div>
  );
}

interface SelectProps extends Omit<ComponentProps<'select'>, 'id'> {
  label: string;
  name: string;
  /** What each choice is called. */
  options: Record<string, string>;
}

export function Select({ label, options, className, ...select }: SelectProps) {
  const id = useId();
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 block font-semibold">
        {label}
      </label>
      <span className={frame()}>
        <select
          {...select}
          id={id}
          className="min-h-12 w-full rounded-lg bg-transparent px-2 outline-none sm:px-3"
        >
          {Object.entries(options).map(([value, called]) => (
            <option key={value} value={value} className="bg-card">
              {called}
            </option>
          ))}
        </select>
      </span>
    </div>
  );
}

/** What every field is drawn in; it shows the focus for the bare control inside. */
function frame(isWrong = false) {
  const edge = isWrong ? 'inset-ring-2 inset-ring-bad' : 'inset-ring inset-ring-edge';
  return `flex items-center rounded-lg bg-card ${edge} has-[:focus-visible]:outline-3
    has-[:focus-visible]:outline-offset-2 has-[:focus-visible]:outline-[var(--focus)]`;
}

/** What was entered in the field called `name`. */
export function textOf(entered: FormData, name: string): string {
  const value = entered.get(name);
  return typeof value === 'string' ? value : '';
}

/** Puts the cursor where something is wrong, once a form was sent: the first such field. */
export function focusFirstError(form: HTMLFormElement | null) {
  // After the errors are shown.
  requestAnimationFrame(() =>
    form?.querySelector<HTMLElement>('[aria-invalid="true"], [data-form-error]')?.focus(),
  );
}
