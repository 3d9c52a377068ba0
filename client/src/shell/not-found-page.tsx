// What is shown for an address that no page has.

import { paths } from '../paths';
import { ButtonLink } from '../ui/button';
import { Empty } from '../ui/empty';
import { Page } from '../ui/page';

export function NotFoundPage() {
  return (
    <Page title="No such page" width="text">
      <Empty
        title="This seat does not exist"
        action={<ButtonLink to={paths.browse}>Browse tickets</ButtonLink>}
      >
        The address may be mistyped, or the page is gone.
      </Empty>
    </Page>
  );
}
