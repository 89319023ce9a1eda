// The sandbox's page in a real browser: a phone that signs in every way there is, with the calls beside it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { age, axe, codeFor, devices, launch, open, sandbox, signIn, wrong } from "./bench.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

/** Waits for this text. */
const saying = (locator, text) => locator.filter({ hasText: text }).waitFor();

/** Who called whom, in order. */
const talks = (calls) =>
  calls.evaluateAll((items) => items.map((item) => [...item.querySelectorAll(".who b")].map((who) => who.textContent).join(" > ")));

for (const app of [false, true]) {
  test(`a phone is recognised in ${app ? "an app" : "a page that leaves for the operator and comes back"}`, async () => {
    const opened = await open(browser, "+447700900520", { app });
    await signIn(opened);
    await saying(opened.said, "Signed in, silently. Silently: MATCH, as expected.");
    await opened.shop.getByRole("heading", { name: "You are signed in." }).waitFor();
    const said = await talks(opened.calls);
    for (const talk of ["Shop’s backend > Gateway", "Phone > Gateway", "Phone > THREE", "Gateway > THREE"]) {
      assert.ok(said.includes(talk), `${talk} is not in ${said}`);
    }
    assert.equal(said.at(-1), "Shop’s backend > Gateway");
    assert.deepEqual(opened.troubles, []);
  });
}

test("a page asks the operator itself, over the phone's mobile data", async () => {
  const opened = await open(browser, "+8613900000020");
  await signIn(opened);
  await saying(opened.said, "Signed in, silently.");
  assert.ok((await talks(opened.calls)).includes("Phone > CHINA_MOBILE"));
  assert.deepEqual(opened.troubles, []);
});

test("a phone's wallet proves its SIM", async () => {
  const opened = await open(browser, "+6281112345620");
  await signIn(opened);
  await saying(opened.said, "Signed in, silently.");
  assert.deepEqual(opened.troubles, []);
});

test("nothing secret is on the page, and what was secret is named", async () => {
  const opened = await open(browser, "+447700900920");
  const begun = opened.page.waitForResponse(`${sandbox}/shop/begin`).then((response) => response.json());
  await signIn(opened);
  const { id_token: token } = await begun;
  await saying(opened.said, "Signed in, silently.");
  const shown = await opened.page.content();
  assert.match(token, /^v4\.public\./);
  assert.ok(!shown.includes("v4.public.") && !shown.includes(token.slice(-20)));
  const callback = opened.calls.filter({ has: opened.page.getByText("GET /v1/callback/o2", { exact: true }) });
  await callback.locator("summary").click();
  await saying(callback.locator("dl").first(), /code\s*•••• secret, not shown/);
  assert.match(await callback.textContent(), /location.*\/customer\/callback\?code=••••/);
  // The code is out of the address of the page that it came to.
  assert.equal(opened.page.frames()[1].url(), `${sandbox}/customer/callback`);
});

test("another number in the phone is a mismatch, of which the phone is not told", async () => {
  const opened = await open(browser, "+447700900521");
  await signIn(opened);
  await saying(opened.said, "Not signed in silently. Silently: MISMATCH, as expected.");
  assert.doesNotMatch(await opened.shop.locator("body").textContent(), /MISMATCH/);
  assert.deepEqual(opened.troubles, []);
});

test("on Wi-Fi the code comes by SMS, and the phone fills it in", async () => {
  const opened = await open(browser, "+447700900922");
  await signIn(opened);
  await saying(opened.said, "Not signed in silently. Silently: NOT_MOBILE_NETWORK, as expected.");
  // The gateway wants five seconds after a silent attempt, which the client waits out.
  await saying(opened.said, "Waiting for the code.");
  await opened.page.getByRole("button", { name: /^Fill in \d{6}$/ }).click();
  await saying(opened.said, "Signed in, by SMS.");
  await opened.shop.getByRole("heading", { name: "You are signed in." }).waitFor();
  assert.deepEqual(opened.troubles, []);
});

test("a wrong code costs an attempt, and says so where it was typed", async () => {
  const msisdn = "+447700900548";
  const opened = await open(browser, msisdn);
  await signIn(opened);
  const code = opened.shop.getByLabel("Code", { exact: true });
  await saying(opened.shop.locator("#left"), "5 attempts left");
  assert.equal(await code.getAttribute("autocomplete"), "one-time-code");
  const right = await codeFor(msisdn);
  await code.pressSequentially(wrong(right));
  await saying(opened.shop.getByRole("alert"), "That is not the code.");
  await saying(opened.shop.locator("#left"), "4 attempts left");
  await saying(opened.said, "The code did not sign in. WRONG_CODE");
  assert.equal(await code.inputValue(), "");
  assert.ok(await code.evaluate((input) => input === document.activeElement));
  await code.pressSequentially(right);
  await saying(opened.said, "Signed in, by SMS.");
  assert.deepEqual(opened.troubles, []);
});

test("a code expires, and another may be sent, but not at once", async () => {
  const msisdn = "+447700900948";
  const opened = await open(browser, msisdn);
  await opened.page.clock.install();
  await signIn(opened);
  const again = opened.shop.getByRole("button", { name: /^Send another/ });
  await saying(again, /in \d+ s$/);
  assert.ok(await again.isDisabled());
  const old = await codeFor(msisdn);
  // By the page's clock it may be sent again; the gateway's is another.
  await opened.page.clock.fastForward(31_000);
  await opened.shop.getByRole("button", { name: "Send another code", exact: true }).click();
  await saying(opened.shop.getByRole("alert"), "You have to wait a few second");
  await saying(opened.said, "No code was sent. invalid_request: You have to wait");
  await saying(opened.calls.last(), "Why: too soon after the last send.");
  await age(msisdn, 301);
  await opened.page.clock.fastForward(301_000);
  await saying(opened.shop.locator("#left"), "The code has expired.");
  await opened.shop.getByLabel("Code", { exact: true }).fill(old);
  await saying(opened.shop.getByRole("alert"), "That code has expired.");
  await saying(opened.said, "CODE_EXPIRED");
  await opened.shop.getByRole("button", { name: "Send another code", exact: true }).click();
  await saying(opened.shop.locator("#left"), "5 attempts left");
  await opened.page.getByRole("button", { name: `Fill in ${await codeFor(msisdn)}` }).click();
  await saying(opened.said, "Signed in, by SMS.");
  assert.deepEqual(opened.troubles, []);
});

test("what a sign-in counts as is on the chart of its network", async () => {
  const { page, shop, said, troubles } = await open(browser, "+491713920020");
  const row = page.getByRole("row", { name: "TELEKOM_DE" });
  const matched = async () => Number((await row.textContent()).match(/(\d+) matched/)[1]);
  await page.getByText("What the shop has used").click();
  for (const fresh of [true, false]) {
    const before = fresh ? 0 : await matched();
    await shop.getByRole("button", { name: /Continue|Start again/ }).click();
    if (!fresh) await shop.getByRole("button", { name: "Continue" }).click();
    await saying(said, "Signed in, silently.");
    await saying(row, `${before + 1} matched`);
  }
  assert.deepEqual(troubles, []);
});

test("every phone of the sandbox can be picked", async () => {
  const { page } = await open(browser, "+447700900620");
  const networks = await page.locator("#network option").allTextContents();
  let found = 0;
  for (const network of networks) {
    await page.getByLabel("Network").selectOption(network);
    found += await page.locator("#device option").count();
  }
  assert.deepEqual([found, new Set(networks).size], [devices.length, networks.length]);
});

test("all of it can be done by keyboard", async () => {
  const { page, shop, said, troubles } = await open(browser, "+447700900620");
  const isAt = (selector) => page.locator(selector).evaluate((element) => element === document.activeElement);
  const tab = async (selector) => {
    for (let presses = 0; presses < 12 && !(await isAt(selector)); presses++) await page.keyboard.press("Tab");
    assert.ok(await isAt(selector), `Tab does not lead to ${selector}`);
  };
  await tab("#network");
  assert.notEqual(await page.locator("#network").evaluate((element) => getComputedStyle(element).outlineStyle), "none");
  await page.keyboard.type("three");
  await tab("#device");
  await page.keyboard.press("End");
  await page.keyboard.press("Home");
  await page.locator("#sim", { hasText: "+447700900520" }).waitFor();
  await saying(said, "Nothing has happened yet.");
  await tab("#screen");
  await page.keyboard.press("Enter");
  await saying(said, "Signed in, silently.");
  // Where the screen changed, there one is.
  const heading = shop.getByRole("heading", { name: "You are signed in." });
  assert.ok(await heading.evaluate((element) => element === document.activeElement));
  await tab("#calls li:first-child summary");
  await page.keyboard.press("Enter");
  await page.locator("#calls li:first-child dl").first().waitFor();
  assert.deepEqual(troubles, []);
});

for (const colorScheme of ["light", "dark"]) {
  test(`axe has nothing to say, in ${colorScheme} and at 320 pixels without scrolling sideways`, async () => {
    const opened = await open(browser, colorScheme === "light" ? "+4915228817348" : "+33639980348", {
      colorScheme,
      viewport: { width: 320, height: 640 },
    });
    await judge(opened, "at the start");
    await signIn(opened);
    await saying(opened.shop.locator("#left"), "5 attempts left");
    await opened.page.getByRole("button", { name: /^Fill in/ }).waitFor();
    await opened.shop.getByLabel("Code", { exact: true }).fill("12");
    for (const summary of await opened.page.locator("summary").all()) await summary.click();
    await opened.page.locator("#used tr").first().waitFor();
    await judge(opened, "at the code");
    await opened.page.setViewportSize({ width: 1280, height: 900 });
    await judge(opened, "on a wide screen");
    await opened.page.getByRole("button", { name: /^Fill in/ }).click();
    await saying(opened.said, "Signed in, by SMS.");
    await judge(opened, "at the end");
    assert.deepEqual(opened.troubles, []);
  });
}

/** The page, and what is on the phone's screen. */
async function judge({ page }, when) {
  for (const frame of page.frames()) {
    await frame.evaluate(axe);
    const { violations } = await frame.evaluate(() => globalThis.axe.run(document, { iframes: false }));
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
    assert.deepEqual(found, [], `${when}, ${new URL(frame.url()).pathname}`);
    const [wide, room] = await frame.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(wide <= room, `${when}: ${wide} of ${room} pixels`);
  }
}

test("another name of this machine leads to the one address", async () => {
  const page = await browser.newPage();
  await page.goto(sandbox.replace("127.0.0.1", "localhost"));
  assert.equal(page.url(), `${sandbox}/`);
  await page.close();
});
