// Makes jobs of `strategy`, after the runner's own sources (Sdk/WorkflowParser/Conversion/MatrixBuilder.cs).

import { looselyEqual, text } from "./expressions.mjs";

/** Jobs per matrix and run: https://docs.github.com/en/actions/reference/limits */
const MOST_JOBS = 256;
const LONGEST_NAME = 100;

const isMapping = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/**
 * The jobs of an evaluated `strategy` (null without one): `[{ matrix, strategy, suffix }]`, where `suffix` is what
 * GitHub appends to the job's name. Throws where GitHub fails the job instead of running anything of the matrix.
 */
export function expandStrategy(strategy) {
    const cells = strategy?.matrix === undefined ? [{ matrix: null, suffix: "" }] : cellsOf(strategy.matrix);
    if (cells.length > MOST_JOBS)
        throw new Error(`The matrix generates ${cells.length} jobs; at most ${MOST_JOBS} are allowed`);
    const failFast = strategy?.["fail-fast"] ?? true;
    const maxParallel = strategy?.["max-parallel"] || cells.length;
    return cells.map((cell, index) => ({
        ...cell,
        strategy: { "fail-fast": failFast, "job-index": index, "job-total": cells.length, "max-parallel": maxParallel },
    }));
}

export function displayName(name, suffix) {
    const full = suffix ? `${name} (${suffix})` : name;
    return full.length > LONGEST_NAME ? `${full.slice(0, LONGEST_NAME - 3)}...` : full;
}

function cellsOf(matrix) {
    if (!isMapping(matrix)) throw new Error(`A mapping was expected for the matrix, not ${JSON.stringify(matrix)}`);
    const { include = [], exclude = [], ...vectors } = matrix;
    checkVectors(vectors, include);
    const includes = include.map((item) => splitInclude(item, vectors));
    const cells = [];
    for (const cell of product(Object.entries(vectors))) {
        if (exclude.some((filter) => matches(filter, cell))) continue;
        const extra = {};
        for (const entry of includes) {
            if (!matches(entry.filter, cell)) continue;
            entry.matched = true;
            Object.assign(extra, entry.extra);
        }
        cells.push({ matrix: { ...cell, ...extra }, suffix: suffixOf(cell) });
    }
    const unmatched = includes.filter((entry) => !entry.matched).map(({ filter, extra }) => ({ ...filter, ...extra }));
    return [...cells, ...unmatched.map((cell) => ({ matrix: cell, suffix: suffixOf(cell) }))];
}

function checkVectors(vectors, include) {
    for (const [name, vector] of Object.entries(vectors)) {
        if (!Array.isArray(vector)) throw new Error(`A sequence was expected for matrix vector '${name}'`);
        if (vector.length === 0) throw new Error(`Matrix vector '${name}' does not contain any values`);
    }
    if (!Array.isArray(include)) throw new Error("A sequence was expected for the matrix's 'include'");
    if (Object.keys(vectors).length === 0 && include.length === 0)
        throw new Error("Matrix must define at least one vector");
}

/** An entry of `include` picks cells by the keys that are vectors, and adds the others. */
function splitInclude(item, vectors) {
    const parts = { filter: {}, extra: {}, matched: false };
    for (const [key, value] of Object.entries(item)) parts[key in vectors ? "filter" : "extra"][key] = value;
    // Without cells every entry stands for itself.
    return parts;
}

function* product(vectors) {
    if (vectors.length === 0) return;
    const [[name, values], ...others] = vectors;
    for (const value of values) {
        if (others.length === 0) yield { [name]: value };
        else for (const cell of product(others)) yield { [name]: value, ...cell };
    }
}

/** Whether every leaf of `filter` equals the one at its place in `value`. */
function matches(filter, value) {
    if (filter === null || typeof filter !== "object") return looselyEqual(filter, value ?? null);
    return Object.entries(filter).every(([key, item]) => matches(item, value?.[key]));
}

function suffixOf(cell) {
    return leaves(cell)
        .map(text)
        .filter((segment) => segment !== "")
        .join(", ");
}

function leaves(value) {
    return value !== null && typeof value === "object" ? Object.values(value).flatMap(leaves) : [value];
}
