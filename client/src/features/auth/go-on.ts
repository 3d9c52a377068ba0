// Where to go from signing in or up: on, as soon as one is signed in, be it by another window.

import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';

import { currentUser } from '../../api/queries';
import { paths } from '../../paths';

/** Leads to `next`, a path within this site, once somebody is signed in. There is no way back to here. */
export function useGoOn(next: string = paths.browse): void {
  const router = useRouter();
  const { data: user } = useQuery(currentUser);
  useEffect(() => {
    if (user) router.history.replace(next);
  }, [router, next, user]);
}
