// `/auth/signup`: a new user, signed in at once, who goes on where they came from.

import { getRouteApi, Link } from '@tanstack/react-router';

import { useSignUp } from '../../api/queries';
import { paths } from '../../paths';
import { Page } from '../../ui/page';
import { CredentialsForm } from './credentials-form';
import { useGoOn } from './go-on';

const route = getRouteApi(paths.signUp);

export function SignUpPage() {
  const search = route.useSearch();
  const signUp = useSignUp();
  useGoOn(search.next);
  return (
    <Page title="Sign up" width="form" lead="To buy, to sell, or both.">
      <CredentialsForm
        isNew
        failed="You are not signed up"
        submit="Sign up"
        busy={signUp.isUnderWay && 'Signing up …'}
        problem={signUp.error}
        onSubmit={(credentials) => {
          signUp.begin(credentials);
        }}
      >
        Been here before?{' '}
        <Link to={paths.signIn} search={search} className="link">
          Sign in
        </Link>
      </CredentialsForm>
    </Page>
  );
}
