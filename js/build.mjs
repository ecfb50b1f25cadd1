/** Builds the widget's front end, and the review grid's, into the Python package, or into the folder that is named. */
import { build } from "esbuild";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { MARKED, markedSources } from "./shortnames.mjs";

const root = dirname(fileURLToPath(import.meta.url));
const texts = markedSources(root);

await build({
  absWorkingDir: root,
  entryPoints: ["src/widget.ts", "src/review.ts"],
  outdir: process.argv[2] ?? "../scribbleprompt_widget/static",
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  mangleProps: MARKED,
  logLevel: "info",
  plugins: [
    {
      name: "marked sources",
      setup: ({ onLoad }) => onLoad({ filter: /\.ts$/ }, ({ path }) => ({ contents: texts.get(path), loader: "ts" })),
    },
  ],
});
