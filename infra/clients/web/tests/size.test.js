// Small enough for any page.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

test("all modules together take less than 5 KB, each gzipped by itself", () => {
  const dist = new URL("../dist/", import.meta.url);
  const modules = readdirSync(dist).filter((name) => name.endsWith(".js"));
  const bytes = modules.map((name) => gzipSync(readFileSync(new URL(name, dist))).length);
  const sum = bytes.reduce((sum, size) => sum + size, 0);
  assert.ok(modules.length >= 4 && sum < 5000, `${sum} bytes in ${modules}`);
});
