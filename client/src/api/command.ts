// What a page does at the services: once, however often it is asked to.

import { useMutation, type UseMutationOptions } from '@tanstack/react-query';
import { useRef } from 'react';

import type { Problem } from './client';

interface Afterwards<Data> {
  onSuccess?: (data: Data) => void;
  onError?: (problem: Problem) => void;
}

export interface Command<Variables, Data> {
  /** Begins it, unless it has begun already. After a failure it may begin again; after a success never. */
  begin: (variables: Variables, afterwards?: Afterwards<Data>) => void;
  /** From its begin to its failure. Once it is done it stays so: the page is about to be left for what was made. */
  isUnderWay: boolean;
  error: Problem | null;
}

/**
 * A second click comes before the page could show that the first was heard, and another while the next page is still
 * being loaded: both would list a ticket twice.
 */
export function useCommand<Data, Variables>(
  options: UseMutationOptions<Data, Problem, Variables>,
): Command<Variables, Data> {
  const { mutate, isPending, isSuccess, error } = useMutation(options);
  const hasBegun = useRef(false);
  return {
    begin: (variables, { onSuccess, onError } = {}) => {
      if (hasBegun.current) return;
      hasBegun.current = true;
      mutate(variables, {
        onSuccess: (data) => onSuccess?.(data),
        onError: (problem) => {
          hasBegun.current = false;
          onError?.(problem);
        },
      });
    },
    isUnderWay: isPending || isSuccess,
    error,
  };
}
