// Makes one ES module of GitHub's packages: as published they import JSON without the attribute that Node demands.
//
//   node tests/engines/github/bundle.mjs
//
// Does nothing when the bundle is newer than its entry and the lock file.

import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const ENTRY = here("official.entry.mjs");
const OUTPUT = here("../node_modules/.cache/github/official.mjs");
const SOURCES = [ENTRY, here("bundle.mjs"), here("../package-lock.json")];

const changedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (changedAt(OUTPUT) <= Math.max(...SOURCES.map(changedAt))) {
    await build({
        entryPoints: [ENTRY],
        outfile: OUTPUT,
        bundle: true,
        platform: "node",
        format: "esm",
        target: "node20",
        logLevel: "warning",
        // Some of the bundled packages are CommonJS and ask for Node's own modules by `require`.
        banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    });
}
