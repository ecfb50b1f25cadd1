import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";

/** Every page that shows the widget loads all of it: it grows on purpose or not at all. */
const MOST_BYTES = 80_000;

it("the built widget stays small", () => {
  const folder = mkdtempSync(join(tmpdir(), "bundle-"));
  try {
    execFileSync(process.execPath, ["build.mjs", folder], { cwd: join(import.meta.dirname, ".."), stdio: "pipe" });
    const { size } = statSync(join(folder, "widget.js"));
    expect(size).toBeGreaterThan(10_000);
    expect(size).toBeLessThanOrEqual(MOST_BYTES);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
