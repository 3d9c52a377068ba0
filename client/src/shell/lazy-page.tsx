// A page that comes in files of its own: loaded when it is opened, or pointed at.

import type { ComponentType } from 'react';

import { isReachable, unreachable } from '../api/client';

/** The files of a page are not there any more: they were of an older build than what is served by now. */
export class Outdated extends Error {
  override name = 'Outdated';
}

/**
 * A page as the router takes it. Whoever opens it and cannot load it is told why; the next try loads it anew. The
 * router's own `lazyRouteComponent` loads the whole site again instead: without a network nothing would be left of it.
 */
export function lazyPage(load: () => Promise<ComponentType>) {
  let Loaded: ComponentType | undefined;
  function LazyPage() {
    // The router shows a page after `preload` has come to its end.
    if (!Loaded) throw new Error('a page is shown before it is loaded');
    return <Loaded />;
  }
  LazyPage.preload = async () => {
    try {
      Loaded ??= await load();
    } catch (cause) {
      throw (await isReachable()) ? new Outdated('its files are gone', { cause }) : unreachable();
    }
  };
  return LazyPage;
}
