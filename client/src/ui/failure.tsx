// That something could not be shown, why, and how to try again.

import { Button } from './button';
import { sentence } from './sentence';

interface FailureProps {
  title: string;
  problem: Error & { requestId?: string | null };
  retry?: (() => void) | undefined;
}

export function Failure({ title, problem, retry }: FailureProps) {
  return (
    <div role="alert" className="rounded-2xl bg-bad-soft px-6 py-8">
      <h2 className="text-2xl">{title}</h2>
      <p className="mt-2 max-w-prose">{sentence(problem.message)}</p>
      {problem.requestId && (
        <p className="mt-2 text-sm">
          If you write to us about it, tell us this number:{' '}
          <code className="font-semibold break-all">{problem.requestId}</code>
        </p>
      )}
      {retry && (
        <Button look="secondary" className="mt-5" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}
