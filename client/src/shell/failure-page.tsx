// What is shown instead of a page that broke or could not be loaded.

import { useQueryErrorResetBoundary } from '@tanstack/react-query';
import { useRouter, type ErrorComponentProps } from '@tanstack/react-router';
import { useEffect } from 'react';

import { Problem } from '../api/client';
import { Failure } from '../ui/failure';
import { Page } from '../ui/page';
import { Outdated } from './lazy-page';

export function FailurePage({ error }: ErrorComponentProps) {
  const router = useRouter();
  const { reset } = useQueryErrorResetBoundary();
  useEffect(reset, [reset]);
  useEffect(() => {
    // The newer build has the page. If not even that helped, it is for the reader to say when to try again.
    if (error instanceof Outdated && !wasReloaded()) window.location.reload();
  }, [error]);
  const isOurs = error instanceof Problem;
  const problem = isOurs ? error : new Problem(0, [{ message: 'This page could not be shown' }]);
  return (
    <Page title="Something went wrong" width="text">
      <Failure
        title={isOurs ? 'This did not work' : 'A fault of ours'}
        problem={problem}
        // A page of an older build asks for files that are no longer there: only a fresh one helps.
        retry={
          isOurs
            ? () => void router.invalidate()
            : () => {
                window.location.reload();
              }
        }
      />
    </Page>
  );
}

/** Whether what is shown now came by a reload. */
function wasReloaded(): boolean {
  const [arrival] = performance.getEntriesByType('navigation');
  return arrival instanceof PerformanceNavigationTiming && arrival.type === 'reload';
}

/** The same where the shell itself broke. */
export function BareFailurePage(props: ErrorComponentProps) {
  return (
    <main>
      <FailurePage {...props} />
    </main>
  );
}
