// Stand-in for actions/cache: entries are kept by key and by the text of `path`, as the real one does.

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createGlobber } from "./official.mjs";
import { absolutePatterns } from "./files.mjs";

/** Entries on disk: `index.json` lists them in order of creation. They outlive a run if its caller wishes. */
export class CacheStore {
    constructor(directory) {
        this.directory = directory;
        this.index = path.join(directory, "index.json");
    }

    entries() {
        return existsSync(this.index) ? JSON.parse(readFileSync(this.index, "utf8")) : [];
    }

    /** The entry of `key`, else the youngest whose key starts with one of `prefixes`, in their order. */
    find(key, prefixes, version) {
        const entries = this.entries()
            .filter((entry) => entry.version === version)
            .reverse();
        const byPrefix = prefixes.flatMap((prefix) => entries.filter((entry) => entry.key.startsWith(prefix)));
        return entries.find((entry) => entry.key === key) ?? byPrefix[0];
    }

    add(entry) {
        const entries = this.entries();
        mkdirSync(this.directory, { recursive: true });
        writeFileSync(this.index, JSON.stringify([...entries, entry], null, 1));
    }
}

const versionOf = (input) => createHash("sha256").update(input).digest("hex");

export async function restore(step, inputs) {
    const { key, path: input, "restore-keys": prefixes = "" } = inputs;
    const { caches } = step.job.engine;
    const entry = caches.find(
        key,
        prefixes
            .split("\n")
            .map((line) => line.trim())
            .filter(Boolean),
        versionOf(input),
    );
    for (const [index, place] of (entry?.places ?? []).entries()) {
        cpSync(path.join(caches.directory, entry.id, String(index)), absolute(step.job, place), { recursive: true });
    }
    if (entry) step.outputs["cache-hit"] = String(entry.key === key);
    if (entry) step.outputs["cache-matched-key"] = entry.key;
    step.outputs["cache-primary-key"] = key;
    step.log(entry ? `Cache restored from key: ${entry.key}` : `Cache not found for input keys: ${key}`);
    if (!entry && inputs["fail-on-cache-miss"] === "true")
        throw new Error(`Failed to restore cache entry. Input key: ${key}`);
    return true;
}

/** The whole action saves after the job's last step, if the job succeeded and the key was not there. */
export async function restoreAndSave(step, inputs) {
    await restore(step, inputs);
    step.job.posts.push(async (status) => {
        if (status === "success" && step.outputs["cache-hit"] !== "true") await save(step, inputs);
    });
    return true;
}

export async function save(step, { key, path: input }) {
    const { job } = step;
    const { caches } = job.engine;
    const version = versionOf(input);
    if (caches.find(key, [], version)) return true;
    const globber = await createGlobber(absolutePatterns(job, input).join("\n"), { implicitDescendants: false });
    const places = (await globber.glob()).sort().map((file) => relative(job, file));
    if (places.length === 0) {
        step.annotate(
            "warning",
            "Path Validation Error: the paths for caching do not exist, hence no cache is being saved.",
        );
        return true;
    }
    const id = createHash("sha256").update(`${version}${key}`).digest("hex");
    places.forEach((place, index) =>
        cpSync(absolute(job, place), path.join(caches.directory, id, String(index)), { recursive: true }),
    );
    caches.add({ id, key, version, places });
    return true;
}

/** Homes and workspaces differ between our jobs, though not between a runner's. */
function relative(job, file) {
    const base = ["workspace", "home"].find((name) => file === job[name] || file.startsWith(`${job[name]}/`));
    return base ? { base, path: path.relative(job[base], file) } : { base: null, path: file };
}

function absolute(job, { base, path: file }) {
    return base ? path.join(job[base], file) : file;
}
