// Where an order meets its payment: the two features know nothing of each other.

import { getRouteApi } from '@tanstack/react-router';

import { OrderPage } from './features/orders/order-page';
import { PaymentForm } from './features/payments/payment-form';
import { paths } from './paths';

const route = getRouteApi(paths.order);

export function CheckoutPage() {
  const { redirect_status: returned } = route.useSearch();
  return <OrderPage takePayment={(props) => <PaymentForm {...props} returned={returned} />} />;
}
