// Files by the patterns of an action's `path` input, with the globber that GitHub's actions use.

import { statSync } from "node:fs";
import path from "node:path";
import { createGlobber } from "./official.mjs";

/** Globs of a multi-line input as absolute ones: of a job, and not of this process, are workspace and home. */
export function absolutePatterns(job, input) {
    const lines = input
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line && !line.startsWith("#"));
    return lines.map((line) => {
        const [, negation, pattern] = /^(!*)(.*)$/s.exec(line);
        if (pattern === "~" || pattern.startsWith("~/")) return `${negation}${job.home}${pattern.slice(1)}`;
        if (path.isAbsolute(pattern)) return `${negation}${pattern}`;
        return `${negation}${job.workspace}/${pattern === "." ? "" : pattern.replace(/^\.\//, "")}`;
    });
}

/** Files (no directories) that match, and the literal beginnings of the patterns. */
export async function findFiles(patterns, options) {
    const globber = await createGlobber(patterns.join("\n"), options);
    const found = (await globber.glob()).filter((file) => !statSync(file).isDirectory());
    return { files: found.sort(), searchPaths: globber.getSearchPaths() };
}

export function isTrue(value) {
    if (["true", "True", "TRUE"].includes(value)) return true;
    if (["false", "False", "FALSE", "", undefined].includes(value)) return false;
    throw new TypeError(
        `Input does not meet YAML 1.2 "Core Schema" specification: '${value}' is neither true nor false`,
    );
}
