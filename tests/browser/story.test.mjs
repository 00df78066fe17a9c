// What a user lives through, in a real browser, and what other sites cannot do to one.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { Service } from './service.mjs';

const PASSWORD = 'correct horse battery staple';
const ANOTHER = 'eleven purple teapots dancing';
const THIRD = 'seven quiet lanterns floating';

let service, browser;

before(async () => {
  service = await Service.start();
  browser = await service.browser();
});

after(async () => {
  await browser?.close();
  await service?.stop();
});

// A browser of its own, whose console is watched: a page of ours that breaks its own policy is a fault.
async function visitor(options = {}) {
  const context = await browser.newContext({ baseURL: service.origin, ...options });
  const page = await context.newPage();
  page.violations = [];
  page.on('console', (message) => {
    if (/Content Security Policy|violates/i.test(message.text())) page.violations.push(message.text());
  });
  return page;
}

async function register(page, name) {
  await page.goto('/register');
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('E-mail address').fill(`${name}@example.com`);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Register' }).click();
  await page.waitForURL('**/notes');
}

async function logIn(page, name, password) {
  await page.goto('/login');
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
}

function codeOf(base32, steps = 0) {
  const bits = [...base32.replace(/[^A-Z2-7]/gi, '').toUpperCase()]
    .map((digit) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(digit).toString(2).padStart(5, '0'))
    .join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const mac = createHmac('sha1', key).update(counter).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

test('an account from its registration to the log-out', async () => {
  const ann = await visitor();
  await register(ann, 'ann');

  // A note, with markup that stays text.
  const note = 'the cat is called <b id="injected">Tom</b><script nonce="guess">document.title = "injected"</script>';
  await ann.getByLabel('New note').fill(note);
  await ann.getByRole('button', { name: 'Keep' }).click();
  await ann.getByText(note).waitFor();
  assert.equal(await ann.locator('#injected').count(), 0);
  assert.doesNotMatch(await ann.title(), /injected/);

  // A second browser is listed, and ended from here.
  const library = await visitor();
  await logIn(library, 'ann', PASSWORD);
  await library.waitForURL('**/notes');
  await ann.getByRole('link', { name: 'Account' }).click();
  assert.equal(await ann.getByRole('listitem').filter({ hasText: 'Last used' }).count(), 2);
  await ann.getByRole('button', { name: 'End', exact: true }).click();
  await ann.getByRole('status').waitFor();
  await library.goto('/notes');
  assert.match(library.url(), /\/login\?next=/);

  // The password is changed, and shown on request by the page's one script.
  await ann.getByRole('link', { name: 'Change the password' }).click();
  const old = ann.getByLabel('Password of today');
  await old.fill('wrong');
  assert.equal(await old.getAttribute('type'), 'password');
  await ann.getByRole('button', { name: 'Show' }).first().click();
  assert.equal(await old.getAttribute('type'), 'text');
  await ann.getByLabel('New password').fill(ANOTHER);
  await ann.getByRole('button', { name: 'Change' }).click();
  await ann.getByText('The password is wrong.').waitFor();
  await ann.getByLabel('Password of today').fill(PASSWORD);
  await ann.getByLabel('New password').fill(ANOTHER);
  await ann.getByRole('button', { name: 'Change' }).click();
  await ann.waitForURL('**/account?done=password');

  // It is forgotten, and reset by a link that works once.
  const lost = await visitor();
  await lost.goto('/forgot');
  await lost.getByLabel('Name').fill('ann');
  await lost.getByRole('button', { name: 'Send a link' }).click();
  await lost.getByRole('status').waitFor();
  const letter = await service.line();
  const [link] = letter.match(/https:\S+/);
  assert(link.startsWith(service.origin));
  await lost.goto(link);
  await lost.getByLabel('New password').fill(THIRD);
  await lost.getByRole('button', { name: 'Change the password' }).click();
  await lost.getByText('Your password was changed').waitFor();
  assert.equal((await lost.goto(link)).status(), 404);
  await ann.goto('/notes');
  assert.match(ann.url(), /\/login\?next=/, 'the reset ended all sessions');

  // A second factor.
  await logIn(ann, 'ann', THIRD);
  await ann.waitForURL('**/notes');
  await ann.goto('/account/second-factor');
  await ann.getByRole('button', { name: 'Set it up' }).click();
  await ann.getByRole('img', { name: 'QR code' }).waitFor();
  const secret = await ann.locator('code').first().innerText();
  await ann.getByLabel('Code', { exact: true }).fill(codeOf(secret));
  await ann.getByRole('button', { name: 'Switch it on' }).click();
  await ann.getByRole('heading', { name: 'Recovery codes' }).waitFor();
  const recovery = await ann.locator('ol.codes code').allInnerTexts();
  assert.equal(recovery.length, 10);

  const phone = await visitor();
  await logIn(phone, 'ann', THIRD);
  await phone.getByRole('heading', { name: 'Second step' }).waitFor();
  await phone.getByLabel('Code', { exact: true }).fill(codeOf(secret, -200));
  await phone.getByRole('button', { name: 'Log in', exact: true }).click();
  await phone.getByText('The code is not valid.').waitFor();
  await phone.getByLabel('Code', { exact: true }).fill(recovery[0]);
  await phone.getByRole('button', { name: 'Log in', exact: true }).click();
  await phone.waitForURL('**/notes');

  // An administrator, whom a step that matters asks once more; and the log, verified.
  const bob = await visitor();
  await register(bob, 'bob');
  assert.equal((await bob.goto('/admin')).status(), 403);
  await service.restart('--admin', 'ann');
  await phone.goto('/admin');
  if (/\/confirm/.test(phone.url())) {
    await phone.getByLabel('Code', { exact: true }).fill(recovery[1]);
    await phone.getByRole('button', { name: 'Go on' }).click();
  }
  await phone.getByText('bob@example.com').waitFor();
  await phone.getByRole('combobox', { name: 'Role of bob' }).selectOption('admin');
  await phone.getByRole('button', { name: 'Change' }).click();
  await phone.getByRole('link', { name: 'Audit log' }).click();
  await phone.getByText('The log is whole').waitFor();
  assert(await phone.getByRole('cell', { name: 'authz_change' }).count() > 0);

  // After the log-out, the way back shows nothing.
  await phone.goto('/notes');
  await phone.getByText('the cat is called').waitFor();
  await phone.getByRole('button', { name: 'Log out' }).click();
  await phone.waitForURL('**/login');
  await phone.goBack();
  await phone.waitForLoadState();
  assert.doesNotMatch(await phone.content(), /the cat is called/);
  assert.equal((await phone.context().cookies()).filter(({ name }) => name === '__Host-session').length, 0);

  for (const page of [ann, library, lost, phone, bob]) assert.deepEqual(page.violations, []);
});

test('cookies have all their attributes, and no script sees them', async () => {
  const page = await visitor();
  await page.goto('/login');
  await register(page, 'cara');
  const cookies = await page.context().cookies();
  assert(cookies.some(({ name }) => name === '__Host-session'));
  for (const { name, domain, path, httpOnly, secure, sameSite } of cookies) {
    assert.match(name, /^__Host-/);
    assert.deepEqual({ domain, path, httpOnly, secure }, { domain: 'localhost', path: '/', httpOnly: true, secure: true });
    assert.match(sameSite, /^(Strict|Lax)$/);
  }
  assert.equal(await page.evaluate(() => document.cookie), '');
});

test('a script without the nonce does not run, and one with it does', async () => {
  const page = await visitor({ ignoreHTTPSErrors: true }); // the test itself fetches the page, to put something into it
  for (const name of ['none', 'wrong', 'attribute', 'right']) {
    await page.route('**/login', async (route) => {
      const response = await route.fetch();
      const [, nonce] = response.headers()['content-security-policy'].match(/'nonce-([^']+)'/);
      const script = 'document.documentElement.dataset.ran = "yes"';
      const injected = {
        none: `<script>${script}</script>`,
        wrong: `<script nonce="AAAAAAAAAAAAAAAAAAAAAA">${script}</script>`,
        attribute: `<img src="/nothing" onerror='${script}'>`,
        right: `<script nonce="${nonce}">${script}</script>`,
      }[name];
      await route.fulfill({ response, body: (await response.text()).replace('</main>', `${injected}</main>`) });
    });
    page.violations.length = 0;
    await page.goto('/login', { waitUntil: 'networkidle' });
    const ran = await page.evaluate(() => document.documentElement.dataset.ran);
    assert.equal(ran, name === 'right' ? 'yes' : undefined, name);
    assert.equal(page.violations.length > 0, name !== 'right', name);
    await page.unroute('**/login');
  }
});

test('another site cannot frame, send, read or script', async () => {
  const user = await visitor();
  await register(user, 'dora');
  await user.getByLabel('New note').fill('what other sites must not read');
  await user.getByRole('button', { name: 'Keep' }).click();
  await user.getByText('must not read').waitFor();

  // The other site, on a name of this machine that no site shares with localhost.
  const page = `<!doctype html><title>evil</title>
    <iframe name="framed" src="${service.origin}/login"></iframe>
    <form method="post" action="${service.origin}/logout"><button>send</button></form>`;
  const server = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const evil = await user.context().newPage();
    const answers = [];
    evil.on('response', (response) => {
      if (response.url().startsWith(service.origin)) answers.push([response.request().method(), response.status()]);
    });
    await evil.goto(`http://127.0.0.1:${server.address().port}/`, { waitUntil: 'networkidle' });

    const framed = evil.frames().find((frame) => frame.name() === 'framed');
    assert.equal(await framed.locator('input').count().catch(() => 0), 0, 'the page is not framed');

    const fetched = await evil.evaluate(async (origin) => {
      const attempt = async (path, options) => {
        try {
          const response = await fetch(origin + path, { credentials: 'include', ...options });
          return `${response.type} ${response.status} ${await response.text()}`;
        } catch (error) {
          return error.name;
        }
      };
      return [
        await attempt('/notes', {}),
        await attempt('/api/me', {}),
        await attempt('/logout', { method: 'POST', body: new URLSearchParams({ csrf: 'x' }) }),
        await attempt('/api/me', { method: 'PUT', headers: { 'x-custom': '1' } }),
        await attempt('/notes', { mode: 'no-cors' }),
      ];
    }, service.origin);
    for (const answer of fetched.slice(0, 4)) assert.equal(answer, 'TypeError');
    assert.match(fetched[4], /^(TypeError|opaque 0 )$/);

    await evil.getByRole('button', { name: 'send' }).click();
    await evil.waitForLoadState();
    assert(answers.some(([method, status]) => method === 'POST' && status === 403), JSON.stringify(answers));

    await user.goto('/notes');
    await user.getByText('must not read').waitFor(); // still logged in, and nothing was changed
  } finally {
    server.close();
  }
});

test('what is forged, stale or of another session is refused', async () => {
  const page = await visitor();
  await register(page, 'emil');
  const statuses = await page.evaluate(async () => {
    const send = async (fields) => {
      const response = await fetch('/notes', { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });
      return response.type === 'opaqueredirect' ? 303 : response.status;
    };
    const csrf = document.querySelector('input[name=csrf]').value;
    return [
      await send({ text: 'mine', csrf }),
      await send({ text: 'no token' }),
      await send({ text: 'forged', csrf: csrf.slice(0, -4) + 'AAAA' }),
    ];
  });
  assert.deepEqual(statuses, [303, 403, 403]);
  await page.context().clearCookies();
  await page.context().addCookies([
    { name: '__Host-session', value: 'forged', url: service.origin, secure: true, httpOnly: true, sameSite: 'Lax' },
  ]);
  await page.goto('/notes');
  assert.match(page.url(), /\/login/);
});
