// Validates workflows and actions with GitHub's language service.
//
//   node check.mjs FILE…  →  [{"file": …, "line": 1, "column": 1, "severity": "error", "message": …}, …]
//
// A workflow that calls another one of its repository (the directory above `.github`) is checked against what it calls.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { TextDocument, validate } from "./official.mjs";

const SEVERITIES = { 1: "error", 2: "warning", 3: "information", 4: "hint" };

function repositoryOf(file) {
    const parts = file.split(path.sep);
    const at = parts.lastIndexOf(".github");
    return at > 0 ? parts.slice(0, at).join(path.sep) : path.dirname(file);
}

/** Called workflows, read from disk as the service asks for them. */
function localFiles(repository) {
    return {
        async getFileContent(reference) {
            if ("repository" in reference)
                throw new Error(`'${reference.owner}/${reference.repository}' is not on this machine`);
            return { name: reference.path, content: readFileSync(path.join(repository, reference.path), "utf8") };
        },
    };
}

async function check(file) {
    const absolute = path.resolve(file);
    const repository = repositoryOf(absolute);
    const uri = pathToFileURL(absolute).href; // the service remembers what it parsed by this: one reading per process
    const document = TextDocument.create(uri, "yaml", 0, readFileSync(absolute, "utf8"));
    const config = existsSync(repository) ? { fileProvider: localFiles(repository) } : {};
    const diagnostics = await validate(document, config);
    return diagnostics.map(({ range, severity, message }) => ({
        file,
        line: range.start.line + 1,
        column: range.start.character + 1,
        severity: SEVERITIES[severity ?? 1],
        message,
    }));
}

const found = [];
for (const file of process.argv.slice(2)) found.push(...(await check(file)));
process.stdout.write(`${JSON.stringify(found, null, 1)}\n`);
