// What to look for among the tickets on sale. It all stands in the page's address, so that a search can be sent to a friend.

import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { browseSearch, paths, type BrowseSearch } from '../../paths';
import { Button } from '../../ui/button';
import { Field, Select } from '../../ui/field';
import { amount, amountFault } from '../../ui/money';

const SORTS = {
  newest: 'Newest',
  price: 'Lowest price',
  '-price': 'Highest price',
  title: 'Title',
};

interface BrowseFiltersProps {
  search: BrowseSearch;
  sign: string | undefined;
}

export function BrowseFilters({ search, sign }: BrowseFiltersProps) {
  const navigate = useNavigate();
  const [entered, setEntered] = useState(all(search));
  const [errors, setErrors] = useState<{ min?: string; max?: string }>({});
  // What is entered follows the address, as when one goes back.
  const [shown, setShown] = useState(search);
  if (shown !== search) {
    setShown(search);
    setEntered(all(search));
    setErrors({});
  }

  function look(entered: Entered) {
    const isUpsideDown = isBelow(entered.max, entered.min);
    const [min, max] = [
      wrong(entered.min),
      wrong(entered.max) ?? (isUpsideDown ? 'Less than the price it starts from' : undefined),
    ];
    setErrors({ ...(min && { min }), ...(max && { max }) });
    if (min ?? max) return;
    const next = browseSearch({ ...entered, min: plain(entered.min), max: plain(entered.max) });
    void navigate({ to: paths.browse, search: next, resetScroll: false });
  }
  const enter = (field: keyof Entered) => ({
    name: field,
    value: entered[field],
    onChange: ({ currentTarget: { value } }: { currentTarget: { value: string } }) => {
      setEntered({ ...entered, [field]: value });
    },
  });
  const price = { inputMode: 'decimal', autoComplete: 'off', prefix: sign } as const;

  return (
    <search>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          look(entered);
        }}
        className="mb-6 grid grid-cols-12 items-start gap-x-2 gap-y-4 sm:mb-8 sm:gap-x-3 lg:grid-cols-[1fr_9rem_9rem_13rem_auto]"
      >
        <Field
          {...enter('q')}
          label="Search"
          type="search"
          maxLength={200}
          placeholder="A show, a place, a row"
          className="col-span-8 sm:col-span-10 lg:col-span-1"
        />
        {/* Last where all stand beside each other. */}
        <Button
          type="submit"
          look="secondary"
          className="col-span-4 self-end max-sm:px-2 sm:col-span-2 lg:order-last lg:col-span-1"
        >
          Search
        </Button>
        <Field
          {...enter('min')}
          {...price}
          label="Price from"
          error={errors.min}
          className="col-span-4 lg:col-span-1"
        />
        <Field
          {...enter('max')}
          {...price}
          label="Up to"
          error={errors.max}
          className="col-span-3 sm:col-span-4 lg:col-span-1"
        />
        <Select
          {...enter('sort')}
          label="Sort"
          options={SORTS}
          onChange={({ currentTarget: { value } }) => {
            look({ ...entered, sort: value });
          }}
          className="col-span-5 sm:col-span-4 lg:col-span-1"
        />
      </form>
    </search>
  );
}

type Entered = Record<keyof BrowseSearch, string>;

function all({ q = '', min = '', max = '', sort = 'newest' }: BrowseSearch): Entered {
  return { q, min, max, sort };
}

function wrong(text: string): string | undefined {
  return text.trim() ? amountFault(text) : undefined;
}

function isBelow(text: string, other: string): boolean {
  const [one, two] = [amount(text), amount(other)];
  return one !== undefined && two !== undefined && one < two;
}

function plain(text: string): string {
  return String(amount(text) ?? '');
}
