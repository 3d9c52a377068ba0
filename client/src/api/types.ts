// What the services' API takes and answers. Generated from their OpenAPI by `npm run types`: do not edit.

export interface paths {
  '/api/orders': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List your orders
     * @description Every one of them, the newest first.
     */
    get: {
      parameters: {
        query?: {
          /** @description Where to go on: the `x-next-cursor` of the page before. */
          cursor?: string;
          /** @description How many rows at most. */
          limit?: number;
          /** @description Those that stand so. */
          status?: components['schemas']['OrderStatus'];
          /** @description Those for this ticket. */
          ticketId?: components['schemas']['TicketId'];
        };
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description A page of orders */
        200: {
          headers: {
            /** @description The `cursor` of the next page, if there is one */
            'x-next-cursor'?: string | null;
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Order'][];
          };
        };
        /** @description A parameter is not fit */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            /**
             * @example {
             *       "errors": [
             *         {
             *           "field": "status",
             *           "message": "a status is created, awaiting:payment, complete or cancelled"
             *         }
             *       ]
             *     }
             */
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Nobody is signed in */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            /**
             * @example {
             *       "errors": [
             *         {
             *           "message": "Not authorized"
             *         }
             *       ]
             *     }
             */
            'application/json': components['schemas']['Errors'];
          };
        };
      };
    };
    put?: never;
    /**
     * Order a ticket
     * @description The ticket is held, at the price it has now, until `expiresAt`: it is to be paid by then.
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['Wish'];
        };
      };
      responses: {
        /** @description The ticket is held */
        201: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Order'];
          };
        };
        /** @description The body is not fit, or the ticket can't be bought */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Nobody is signed in */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            /**
             * @example {
             *       "errors": [
             *         {
             *           "message": "Not authorized"
             *         }
             *       ]
             *     }
             */
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description There is no such ticket */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            /**
             * @example {
             *       "errors": [
             *         {
             *           "message": "Not Found"
             *         }
             *       ]
             *     }
             */
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Too many tickets held, or too many orders in a short time */
        429: {
          headers: {
            /** @description Seconds */
            'retry-after'?: number;
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/orders/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Show one of your orders */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description Which order */
          id: components['schemas']['OrderId'];
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The order */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Order'];
          };
        };
        /** @description Nobody is signed in, or it is somebody else's */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            /**
             * @example {
             *       "errors": [
             *         {
             *           "message": "Not authorized"
             *         }
             *       ]
             *     }
             */
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description There is no such order */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            /**
             * @example {
             *       "errors": [
             *         {
             *           "message": "Not Found"
             *         }
             *       ]
             *     }
             */
            'application/json': components['schemas']['Errors'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    /**
     * Cancel one of your orders
     * @description A payment that is under way may still succeed: then it takes the ticket again if that is free, or is refunded.
     */
    delete: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description Which order */
          id: components['schemas']['OrderId'];
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The order is cancelled, now or before */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description It is paid */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            /**
             * @example {
             *       "errors": [
             *         {
             *           "message": "Cannot cancel a completed order"
             *         }
             *       ]
             *     }
             */
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Nobody is signed in, or it is somebody else's */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            /**
             * @example {
             *       "errors": [
             *         {
             *           "message": "Not authorized"
             *         }
             *       ]
             *     }
             */
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description There is no such order */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            /**
             * @example {
             *       "errors": [
             *         {
             *           "message": "Not Found"
             *         }
             *       ]
             *     }
             */
            'application/json': components['schemas']['Errors'];
          };
        };
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/payments': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Lists the user's own payments, newest first. */
    get: {
      parameters: {
        query?: {
          /** @description Where to go on: the `x-next-cursor` of the page before. */
          cursor?: string;
          /** @description How many rows at most. */
          limit?: number;
          /** @description Only those for this order. */
          orderId?: string;
        };
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description A page of payments. */
        200: {
          headers: {
            /** @description The `cursor` of the next page, if there is one. */
            'x-next-cursor'?: string | null;
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Payment'][];
          };
        };
        /** @description The cursor or the limit is none. */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Nobody is signed in. */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
      };
    };
    put?: never;
    /**
     * Pays for an order with a token.
     * @description Asked twice, also at the same time, it charges once and gives the same answer.
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['Pay'];
        };
      };
      responses: {
        /** @description Paid, now or before. */
        201: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Paid'];
          };
        };
        /** @description A rule of a field is broken, the order can't be paid, or the card was declined: then the sentence is the provider's. */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Nobody is signed in, or the order is somebody else's. */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description There is no such order. */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Too many tries to pay. */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Nothing was charged, or it is not known yet whether: the message says which. The same request again gives the answer. */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/payments/config': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Tells what the provider's script is and what to start it with. */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The settings. */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['PaymentsConfig'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/payments/intent': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Opens a payment for the buyer's browser to confirm.
     * @description Asked again, it gives the same one for as long as that can be confirmed.
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['OpenIntent'];
        };
      };
      responses: {
        /** @description An intent that can be confirmed. */
        201: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['PaymentIntent'];
          };
        };
        /** @description A rule of a field is broken, or the order can't be paid. */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Nobody is signed in, or the order is somebody else's. */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description There is no such order. */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Too many tries to pay. */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description The provider does not answer, or a payment is still being confirmed: the message says which. */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/payments/webhook': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Takes an event of the payment provider. */
    post: {
      parameters: {
        query?: never;
        header: {
          /** @description When it was sent, and that it was the provider. */
          'stripe-signature': string;
        };
        path?: never;
        cookie?: never;
      };
      /** @description An event as the provider writes it. */
      requestBody: {
        content: {
          'application/json': string;
        };
      };
      responses: {
        /** @description Taken, now or before, or none of our business. */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        /** @description Not signed, not by the provider, or too long ago. */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description About a payment that is not known, or not yet: send it again. */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Larger than any event. */
        413: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Webhooks are not set up. */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/tickets': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Browse tickets
     * @description Those that can be bought: held and sold ones are left out.
     */
    get: {
      parameters: {
        query?: {
          /** @description Where to go on: the `x-next-cursor` of the page before. */
          cursor?: string;
          /** @description How many rows at most. */
          limit?: number;
          /** @description The highest price. */
          maxPrice?: components['schemas']['Cents'];
          /** @description The lowest price. */
          minPrice?: components['schemas']['Cents'];
          /**
           * @description Words of the title, in their order, in either case.
           * @example hamlet row
           */
          q?: string;
          /** @description What comes first; the newest unless it says otherwise. */
          sort?: 'newest' | 'price' | '-price' | 'title';
        };
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description A page of tickets */
        200: {
          headers: {
            /** @description The `cursor` of the next page, if there is one */
            'x-next-cursor'?: string | null;
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Ticket'][];
          };
        };
        /** @description A parameter is not fit */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            /**
             * @example {
             *       "errors": [
             *         {
             *           "field": "sort",
             *           "message": "sort must be newest, price, -price or title"
             *         }
             *       ]
             *     }
             */
            'application/json': components['schemas']['Errors'];
          };
        };
      };
    };
    put?: never;
    /**
     * List a ticket
     * @description It belongs to who is signed in, and can be bought at once.
     */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          /**
           * @example {
           *       "price": 19.99,
           *       "title": "Hamlet, stalls, row 3"
           *     }
           */
          'application/json': components['schemas']['Offer'];
        };
      };
      responses: {
        /** @description It is listed */
        201: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Ticket'];
          };
        };
        /** @description The body is not fit */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Nobody is signed in */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            /**
             * @example {
             *       "errors": [
             *         {
             *           "message": "Not authorized"
             *         }
             *       ]
             *     }
             */
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description The body is over 100 kB */
        413: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Too many changes in a short time */
        429: {
          headers: {
            /** @description Seconds */
            'retry-after'?: number;
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/tickets/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Show a ticket
     * @description A held or sold one too.
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description Which ticket */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The ticket */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Ticket'];
          };
        };
        /** @description There is no such ticket */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            /**
             * @example {
             *       "errors": [
             *         {
             *           "message": "Not Found"
             *         }
             *       ]
             *     }
             */
            'application/json': components['schemas']['Errors'];
          };
        };
      };
    };
    /**
     * Change a ticket
     * @description Its owner may, as long as no order has it. A change by somebody else at the same time comes before or after it,
     *     never in between: each gets a version of its own.
     */
    put: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description Which ticket */
          id: string;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          /**
           * @example {
           *       "price": 25,
           *       "title": "Hamlet, stalls, row 1"
           *     }
           */
          'application/json': components['schemas']['Offer'];
        };
      };
      responses: {
        /** @description It is changed, its version one above the last */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Ticket'];
          };
        };
        /** @description The body is not fit, or an order has the ticket */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Nobody is signed in, or somebody else listed it */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            /**
             * @example {
             *       "errors": [
             *         {
             *           "message": "Not authorized"
             *         }
             *       ]
             *     }
             */
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description There is no such ticket */
        404: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            /**
             * @example {
             *       "errors": [
             *         {
             *           "message": "Not Found"
             *         }
             *       ]
             *     }
             */
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description The body is over 100 kB */
        413: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Too many changes in a short time */
        429: {
          headers: {
            /** @description Seconds */
            'retry-after'?: number;
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
      };
    };
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/tickets/changes': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Follow changes
     * @description Server-sent events, without end. `ticket`: a ticket was listed, changed, held, released or sold, and its data is the
     *     ticket now. `reload`: some changes went untold, so that what was listed before has to be listed again.
     */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description The changes */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            /**
             * @example event: ticket
             *     data: {"id":"01939ab4-…","title":"Hamlet","price":19.99,"status":"available",…}
             */
            'text/event-stream': string;
          };
        };
        /** @description As many follow the changes as may */
        503: {
          headers: {
            /** @description Seconds */
            'retry-after'?: number;
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/tickets/mine': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Show own listings
     * @description All tickets listed by who is signed in, the newest first: free, held and sold ones.
     */
    get: {
      parameters: {
        query?: {
          /** @description Where to go on: the `x-next-cursor` of the page before. */
          cursor?: string;
          /** @description How many rows at most. */
          limit?: number;
        };
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description A page of tickets */
        200: {
          headers: {
            /** @description The `cursor` of the next page, if there is one */
            'x-next-cursor'?: string | null;
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Ticket'][];
          };
        };
        /** @description A parameter is not fit */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            /**
             * @example {
             *       "errors": [
             *         {
             *           "field": "cursor",
             *           "message": "The cursor is not valid"
             *         }
             *       ]
             *     }
             */
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Nobody is signed in */
        401: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            /**
             * @example {
             *       "errors": [
             *         {
             *           "message": "Not authorized"
             *         }
             *       ]
             *     }
             */
            'application/json': components['schemas']['Errors'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/users/currentuser': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Who is signed in */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Who is signed in, or null */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['CurrentUser'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/users/signin': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Sign in */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['SignIn'];
        };
      };
      responses: {
        /** @description Signed in by the cookie that comes with it */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['User'];
          };
        };
        /** @description The body is not valid, or the credentials are not */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Too many tries from this address or for this account */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Too many others sign in or up now */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/users/signout': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Sign out */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Signed out: the cookie is cleared */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['SignedOut'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/users/signup': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Sign up */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['SignUp'];
        };
      };
      responses: {
        /** @description Signed up, and signed in by the cookie that comes with it */
        201: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['User'];
          };
        };
        /** @description The body is not valid, or the e-mail address is in use */
        400: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Too many tries from this address */
        429: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
        /** @description Too many others sign in or up now */
        503: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Errors'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    /**
     * Format: double
     * @description An amount in minor units. In JSON a number in major units with at most two decimals: `20`, `19.99`.
     *
     *     Reading also takes the number as text (`"19.99"`). More decimals, a negative amount and one above
     *     [`Cents::MAX`] are refused; zero is not, since whether it makes sense is for the reader to say.
     * @example 19.99
     */
    Cents: number;
    /** @description Who is signed in. */
    CurrentUser: {
      currentUser?: components['schemas']['SignedIn'] | null;
    };
    /** @description The body of every error. */
    Errors: {
      /** @description What is wrong, most important first. */
      errors: components['schemas']['Fault'][];
    };
    /** @description One thing that is wrong. */
    Fault: {
      /** @description The field of the body it is about. */
      field?: string | null;
      /** @description A sentence for the user. */
      message: string;
    };
    /**
     * @description What an owner asks for a ticket: the body of `POST` and `PUT`.
     *
     *     What is missing or of a wrong type is read as empty, so that it is refused by the rule of its field.
     */
    Offer: {
      /** @description What it costs: above zero, with at most two decimals. */
      price: components['schemas']['Cents'];
      /**
       * @description What it admits to. White space around it is dropped.
       * @example Hamlet, stalls, row 3
       */
      title: string;
    };
    /** @description What is to be paid for. */
    OpenIntent: {
      /** @description The order. */
      orderId: string;
    };
    /** @description A user's claim to a ticket. */
    Order: {
      /** @description Until when it holds its ticket unpaid. */
      expiresAt: components['schemas']['Timestamp'];
      /** @description Which. */
      id: components['schemas']['OrderId'];
      /** @description Where it stands. */
      status: components['schemas']['OrderStatus'];
      /** @description What it is for. */
      ticket: components['schemas']['OrderTicket'];
      /** @description The buyer. */
      userId: components['schemas']['UserId'];
      /** @description How often it changed, each time with an event. */
      version: components['schemas']['Version'];
    };
    /**
     * Format: uuid
     * @description An order, given by `orders`.
     */
    OrderId: string;
    /**
     * @description Where an order stands.
     * @enum {string}
     */
    OrderStatus: 'created' | 'awaiting:payment' | 'complete' | 'cancelled';
    /** @description A ticket as agreed when the hold was taken: what its owner changes later does not concern the buyer. */
    OrderTicket: {
      /** @description Which. */
      id: components['schemas']['TicketId'];
      /** @description What the buyer pays. */
      price: components['schemas']['Cents'];
      /** @description What it admits to. */
      title: string;
      /** @description The ticket's version then. */
      version: components['schemas']['Version'];
    };
    /** @description The payment that paid for the order. */
    Paid: {
      /** @description Which payment. */
      id: components['schemas']['PaymentId'];
    };
    /** @description What is paid for, and with what. */
    Pay: {
      /** @description The order. */
      orderId: string;
      /**
       * @description What the provider gave the buyer's browser for a card.
       * @example tok_visa
       */
      token: string;
    };
    /** @description A payment, as its buyer sees it. */
    Payment: {
      /** @description How much. */
      amount: components['schemas']['Cents'];
      /**
       * @description Of what.
       * @example usd
       */
      currency: string;
      /** @description Why it failed, in the provider's words. */
      failure?: string;
      /** @description Which. */
      id: components['schemas']['PaymentId'];
      /** @description What is paid for. */
      orderId: components['schemas']['OrderId'];
      /** @description How it stands. */
      status: components['schemas']['PaymentStatus'];
      /** @description The provider's name of it; absent until it has one. */
      stripeId?: string;
      /** @description The provider's name of the refund; absent while there is none. */
      stripeRefundId?: string;
    };
    /**
     * Format: uuid
     * @description An attempt to pay, given by `payments`.
     */
    PaymentId: string;
    /** @description An intent that a browser can confirm. */
    PaymentIntent: {
      /** @description How much will be paid. */
      amount: components['schemas']['Cents'];
      /** @description What lets the provider's script confirm it. For the buyer's eyes only. */
      clientSecret: string;
      /**
       * @description Of what.
       * @example usd
       */
      currency: string;
      /** @description Which payment it is here. */
      id: components['schemas']['PaymentId'];
    };
    /** @description What a browser needs to pay. Nothing in it is secret. */
    PaymentsConfig: {
      /**
       * @description What is paid in.
       * @example usd
       */
      currency: string;
      /** @description The provider's key for browsers; `null` where none is set, and then there is no paying by intent. */
      publishableKey?: string | null;
      /**
       * @description Where the provider's script comes from.
       * @example https://js.stripe.com/v3/
       */
      scriptUrl: string;
    };
    /**
     * @description How a payment stands.
     * @enum {string}
     */
    PaymentStatus: 'created' | 'completed' | 'failed' | 'refunded';
    /** @description A user who is signed in. */
    SignedIn: {
      /** @description As it was when signing in. */
      email: string;
      /**
       * Format: int64
       * @description When that was, in seconds since 1970.
       */
      iat: number;
      id: components['schemas']['UserId'];
    };
    /** @description Nothing more to say. */
    SignedOut: Record<string, never>;
    /** @description What one signs in with. */
    SignIn: {
      /**
       * Format: email
       * @example ann@example.com
       */
      email?: string;
      /** Format: password */
      password?: string;
    };
    /** @description What one signs up with. */
    SignUp: {
      /**
       * Format: email
       * @description Nobody else's, in whatever case.
       * @example ann@example.com
       */
      email?: string;
      /** Format: password */
      password?: string;
    };
    /** @description Who has a ticket. */
    State:
      | {
          /** @enum {string} */
          status: 'available';
        }
      | {
          /** @description When the order's time is up. It is for `orders` to say that it is. */
          heldUntil: components['schemas']['Timestamp'];
          /** @description Which order. */
          orderId: components['schemas']['OrderId'];
          /** @enum {string} */
          status: 'held';
        }
      | {
          /** @description Which order. */
          orderId: components['schemas']['OrderId'];
          /** @enum {string} */
          status: 'sold';
        };
    /** @description A ticket: what it admits to, what it costs, and who has it. */
    Ticket: components['schemas']['State'] & {
      /** @description Which. */
      id: components['schemas']['TicketId'];
      /** @description What its owner asks for it. */
      price: components['schemas']['Cents'];
      /**
       * @description What it admits to, in its owner's words.
       * @example Hamlet, stalls, row 3
       */
      title: string;
      /** @description Its owner. */
      userId: components['schemas']['UserId'];
      /** @description How often it was changed, its listing included. */
      version: components['schemas']['Version'];
    };
    /**
     * Format: uuid
     * @description A ticket, given by `tickets`.
     */
    TicketId: string;
    /**
     * Format: date-time
     * @description A moment, to the millisecond: `2026-11-21T04:39:07.120Z`.
     *
     *     Milliseconds are all that the wire carries, so that a moment is the same before and after its travel.
     * @example 2026-11-21T04:39:07.120Z
     */
    Timestamp: string;
    /** @description A user, as everybody may see them who may see them at all. */
    User: {
      /**
       * @description As they wrote it when they signed up.
       * @example ann@example.com
       */
      email: string;
      /** @description Who. */
      id: components['schemas']['UserId'];
    };
    /**
     * Format: uuid
     * @description A user, given by `auth`.
     */
    UserId: string;
    /**
     * Format: int64
     * @description How often a row was changed, its creation included: the first version is 1.
     *
     *     Its owner adds one with every change (`UPDATE … WHERE id = $1 AND version = $n - 1`) and publishes the change with
     *     it. 0 is the version of a row that is not there.
     */
    Version: number;
    /** @description What a buyer wants. */
    Wish: {
      /** @description Which ticket. */
      ticketId: components['schemas']['TicketId'];
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
