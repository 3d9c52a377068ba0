// `/auth/signout`: ends the session as soon as it is opened.

import { useEffect, useRef } from 'react';

import { useSignOut } from '../../api/queries';
import { paths } from '../../paths';
import { ButtonLink, Spinner } from '../../ui/button';
import { Empty } from '../../ui/empty';
import { Failure } from '../../ui/failure';
import { Page } from '../../ui/page';

export function SignOutPage() {
  const { mutate, error, isSuccess } = useSignOut();
  const isBegun = useRef(false);
  useEffect(() => {
    if (isBegun.current) return;
    isBegun.current = true;
    mutate();
  }, [mutate]);
  return (
    <Page title="Sign out" width="text">
      {error && <Failure title="You are still signed in" problem={error} retry={mutate} />}
      {!error && !isSuccess && (
        <p className="flex items-center gap-3">
          <Spinner /> Signing you out …
        </p>
      )}
      {isSuccess && (
        <Empty
          title="You are signed out"
          action={
            <ButtonLink to={paths.signIn} look="secondary">
              Sign in again
            </ButtonLink>
          }
        >
          See you at the show.
        </Empty>
      )}
    </Page>
  );
}
