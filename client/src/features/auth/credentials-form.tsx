// An e-mail address and a password: what signing up and signing in both ask for.

import { useRef, useState, type ReactNode } from 'react';

import type { Problem } from '../../api/client';
import { Button } from '../../ui/button';
import { Field, focusFirstError, textOf } from '../../ui/field';
import { Notice } from '../../ui/notice';
import { Panel } from '../../ui/panel';
import { sentence } from '../../ui/sentence';

interface Credentials {
  email: string;
  password: string;
}

interface CredentialsFormProps {
  /** Whether the password is a new one: password managers then offer to make it, and it has to be long enough. */
  isNew: boolean;
  failed: string;
  submit: string;
  busy: string | false;
  problem: Problem | null;
  onSubmit: (credentials: Credentials) => void;
  children: ReactNode;
}

/** What the auth service asks of a new password. */
const PASSWORD_LENGTH = { min: 8, max: 128 };

export function CredentialsForm(props: CredentialsFormProps) {
  const { isNew, failed, submit, busy, problem, onSubmit, children } = props;
  const form = useRef<HTMLFormElement>(null);
  const [errors, setErrors] = useState<Partial<Credentials>>({});
  const [isShown, setShown] = useState(false);

  function check(entered: FormData) {
    const email = textOf(entered, 'email').trim();
    const password = textOf(entered, 'password');
    const { min, max } = PASSWORD_LENGTH;
    const isLong = password.length >= min && password.length <= max;
    const wrong = {
      ...(!/^\S+@\S+$/.test(email) && { email: 'Email must be valid' }),
      ...(isNew && !isLong && { password: `Password must be between ${min} and ${max} characters` }),
      ...(!password && !isNew && { password: 'You must supply a password' }),
    };
    setErrors(wrong);
    if (Object.keys(wrong).length === 0) onSubmit({ email, password });
    else focusFirstError(form.current);
  }

  const beside = problem?.beside(['email', 'password']);
  return (
    <Panel label={submit}>
      <form
        ref={form}
        noValidate
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) check(new FormData(event.currentTarget));
        }}
      >
        {beside && (
          <Notice tone="bad" title={failed}>
            {sentence(beside)}
          </Notice>
        )}
        <Field
          label="Email"
          name="email"
          type="email"
          inputMode="email"
          autoComplete={isNew ? 'email' : 'username'}
          autoCapitalize="none"
          spellCheck={false}
          required
          maxLength={254}
          error={errors.email ?? problem?.of('email')}
        />
        <div>
          <Field
            label="Password"
            hint={isNew && `At least ${PASSWORD_LENGTH.min} characters.`}
            name="password"
            type={isShown ? 'text' : 'password'}
            autoComplete={isNew ? 'new-password' : 'current-password'}
            autoCapitalize="none"
            spellCheck={false}
            required
            maxLength={PASSWORD_LENGTH.max}
            error={errors.password ?? problem?.of('password')}
          />
          <label className="mt-2 inline-flex min-h-8 items-center gap-2 text-sm">
            <input
              type="checkbox"
              checked={isShown}
              onChange={(event) => {
                setShown(event.currentTarget.checked);
              }}
              className="size-4.5 accent-ink"
            />
            Show the password
          </label>
        </div>
        <Button type="submit" wide busy={busy}>
          {submit}
        </Button>
        <p className="text-center">{children}</p>
      </form>
    </Panel>
  );
}
