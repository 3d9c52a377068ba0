// Gives a held ticket back, once asked twice.

import { useState } from 'react';

import { useCancelOrder, type Order } from '../../api/queries';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Notice } from '../../ui/notice';
import { sentence } from '../../ui/sentence';

export function CancelButton({ order }: { order: Order }) {
  const [isAsked, setAsked] = useState(false);
  const cancel = useCancelOrder();
  const close = () => {
    setAsked(false);
  };
  return (
    <div className="mt-6 border-t border-line pt-4 text-center">
      <Button
        look="quiet"
        onClick={() => {
          setAsked(true);
        }}
      >
        I don’t want it any more
      </Button>
      <Dialog open={isAsked} title="Give the ticket back?" onClose={close}>
        <p className="mt-2 text-muted">It goes on sale again at once, and somebody else may take it.</p>
        {cancel.error && (
          <Notice tone="bad" className="mt-4">
            {sentence(cancel.error.message)}
          </Notice>
        )}
        <div className="mt-6 flex flex-col gap-3 sm:flex-row sm:justify-end">
          {/* First, for it takes the focus. */}
          <Button look="secondary" onClick={close}>
            Keep it
          </Button>
          <Button
            look="danger"
            busy={cancel.isUnderWay && 'Giving it back …'}
            onClick={() => {
              cancel.begin(order);
            }}
          >
            Give it back
          </Button>
        </div>
      </Dialog>
    </div>
  );
}
