// The picture of the README: a phone on Wi-Fi, which cannot be recognised and has got a code by SMS. Environment: as bench.js;
// PICTURE, where it goes.

import { launch, open, signIn } from "./bench.js";

const browser = await launch();
// A little smaller than life, for a README is narrow.
const size = { viewport: { width: 1280, height: 1120 }, deviceScaleFactor: 0.9 };
const opened = await open(browser, "+447700900622", { ...size, colorScheme: "light" });
await signIn(opened);
await opened.page.getByRole("button", { name: /^Fill in/ }).waitFor();
await opened.page.screenshot({ path: process.env.PICTURE });
await browser.close();
