// Signing up, in and out, and where one ends up after that.

import { look } from './look';
import { expect, PASSWORD, test, word } from './world';

test('somebody signs up, and is told at each field what is wrong', async ({ stranger }) => {
  const page = await stranger();
  await page.goto('/auth/signup');
  await look(page, 'sign-up');

  await page.getByLabel('Email').fill('nobody');
  await page.getByLabel('Password', { exact: true }).fill('short');
  await page.getByRole('button', { name: 'Sign up' }).click();
  const email = page.getByLabel('Email');
  await expect(email).toHaveAccessibleDescription(/Email must be valid/);
  await expect(email).toBeFocused();
  await expect(page.getByLabel('Password', { exact: true })).toHaveAccessibleDescription(
    /Password must be between 8 and 128 characters/,
  );
  await look(page, 'sign-up-refused');

  const address = `${word()}@example.com`;
  await email.fill(address);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign up' }).click();
  await expect(page).toHaveURL('/');
  await expect(page.getByText(address)).toBeVisible();
});

test('an address signs up once, in whatever case', async ({ person, stranger }) => {
  const ann = await person();
  const page = await stranger();
  await page.goto('/auth/signup');
  await page.getByLabel('Email').fill(ann.email.toUpperCase());
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign up' }).click();
  await expect(page.getByRole('alert')).toContainText('Email in use');
});

test('somebody signs out, is refused with a wrong password, and signs in again', async ({ person }) => {
  const { page, email } = await person();
  await page.goto('/orders');
  await page.getByRole('link', { name: 'Sign out' }).click();
  await expect(page.getByText('You are signed out')).toBeVisible();
  await look(page, 'signed-out');

  await page.getByRole('link', { name: 'Sign in again' }).click();
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('Invalid credentials');
  await look(page, 'sign-in-refused');

  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByText(email)).toBeVisible();
});

test('what is somebody’s asks to sign in first, and then goes on there', async ({ person, stranger }) => {
  const { email } = await person();
  const page = await stranger();
  await page.goto('/tickets/new');
  await expect(page).toHaveURL('/auth/signin?next=%2Ftickets%2Fnew');
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL('/tickets/new');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Sell a ticket');
});

for (const next of ['https://evil.example/', '//evil.example', '/\\evil.example', '/auth/signout']) {
  test(`signing in does not lead to ${next}`, async ({ person, stranger, baseURL }) => {
    const { email } = await person();
    const page = await stranger();
    await page.goto(`/auth/signin?next=${encodeURIComponent(next)}`);
    await page.getByLabel('Email').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByText(email)).toBeVisible();
    expect(page.url()).toBe(`${baseURL}/`);
  });
}

test('the session is out of reach for scripts, and nothing else is kept', async ({ person, baseURL }) => {
  const { page, context } = await person();
  await page.goto('/orders');
  await expect(page.getByText('No orders yet')).toBeVisible();
  expect(await page.evaluate(() => document.cookie)).toBe('');
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
  const session = (await context.cookies()).find(({ name }) => name === 'session');
  // Over https it is never sent without.
  const secure = baseURL?.startsWith('https:');
  expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax', secure });
});

test('whoever is signed out while a page is open is asked to sign in, and keeps the place', async ({
  person,
}) => {
  const seller = await person();
  const buyer = await person();
  const order = await buyer.orders(await seller.lists(`Hamlet ${word()}`));
  const { page, context, email } = buyer;
  await page.goto(`/orders/${order.id}`);
  await expect(page.getByRole('timer')).toBeVisible();
  await context.clearCookies();
  await expect(page).toHaveURL(`/auth/signin?next=%2Forders%2F${order.id}`);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(`/orders/${order.id}`);
});

test('who signs in in another window is who is signed in in this one', async ({ person }) => {
  const [ann, zoe] = [await person(), await person()];
  const title = `Hamlet ${word()}`;
  await ann.lists(title);
  const { page } = ann;
  await page.goto('/sell');
  await expect(page.getByRole('link', { name: title, exact: true })).toBeVisible();
  const other = await ann.context.newPage();
  await other.goto('/auth/signout');
  await expect(other.getByText('You are signed out')).toBeVisible();
  await expect(page).toHaveURL('/auth/signin?next=%2Fsell');
  await other.getByRole('link', { name: 'Sign in again' }).click();
  await other.getByLabel('Email').fill(zoe.email);
  await other.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await other.getByRole('button', { name: 'Sign in' }).click();
  await expect(other.getByText(zoe.email)).toBeVisible();

  // Signed in by the other window, this one goes on; and what was Ann's is not shown to Zoe.
  await expect(page).toHaveURL('/sell');
  await expect(page.getByText(zoe.email)).toBeVisible();
  await expect(page.getByText('You have listed nothing yet')).toBeVisible();
});

test('whoever is signed in already has no need of the sign-in page', async ({ person }) => {
  const { page } = await person();
  await page.goto('/auth/signin?next=%2Forders');
  await expect(page).toHaveURL('/orders');
  await page.goto('/auth/signup');
  await expect(page).toHaveURL('/');
});
