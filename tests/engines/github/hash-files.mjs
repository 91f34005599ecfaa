// The function hashFiles(): a process of its own, as on a runner, since expressions are evaluated without waiting.
//
//   node hash-files.mjs WORKSPACE PATTERN…  →  the digest, or nothing if no file matches

import { hashFiles } from "./official.mjs";

const [workspace, ...patterns] = process.argv.slice(2);
process.chdir(workspace); // where relative patterns start
process.stdout.write(await hashFiles(patterns.join("\n"), workspace));
