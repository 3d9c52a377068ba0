// `/auth/signin`: somebody proves who they are, and goes on where they came from.

import { getRouteApi, Link } from '@tanstack/react-router';

import { useSignIn } from '../../api/queries';
import { paths } from '../../paths';
import { Page } from '../../ui/page';
import { CredentialsForm } from './credentials-form';
import { useGoOn } from './go-on';

const route = getRouteApi(paths.signIn);

export function SignInPage() {
  const search = route.useSearch();
  const signIn = useSignIn();
  useGoOn(search.next);
  return (
    <Page title="Sign in" width="form" lead={search.next && 'Then we take you back to where you were.'}>
      <CredentialsForm
        isNew={false}
        failed="You are not signed in"
        submit="Sign in"
        busy={signIn.isUnderWay && 'Signing in …'}
        problem={signIn.error}
        onSubmit={(credentials) => {
          signIn.begin(credentials);
        }}
      >
        New here?{' '}
        <Link to={paths.signUp} search={search} className="link">
          Sign up
        </Link>
      </CredentialsForm>
    </Page>
  );
}
