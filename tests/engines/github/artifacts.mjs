// Stand-ins for actions/upload-artifact (v4 and later) and actions/download-artifact (v4 and later).
//
// The rules are read from the actions' sources: hidden files stay behind, a name is taken once in a run, file modes and
// empty directories are lost, and some characters are refused in names and paths.

import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { absolutePatterns, findFiles, isTrue } from "./files.mjs";
import { Minimatch } from "./official.mjs";

const REFUSED_IN_PATHS = /["<>|*?:\r\n]/;
const REFUSED_IN_NAMES = /["<>|*?:\r\n\\/]/;
/** https://docs.github.com/en/actions/reference/limits: artifacts of one job. */
const MOST_OF_A_JOB = 500;

/** All artifacts of a run; `artifacts` are those of its attempts before. */
export class ArtifactStore {
    constructor(directory, artifacts) {
        this.directory = directory;
        this.artifacts = [...artifacts];
        this.count = Math.max(0, ...artifacts.map((artifact) => artifact.id));
    }

    find(name) {
        return this.artifacts.find((artifact) => artifact.name === name);
    }

    /** Takes `files`, placed relative to `root`, or throws as the service does. */
    add({ name, files, root, job, overwrite, retentionDays }) {
        const relative = files.map((file) => path.relative(root, file));
        refuseCharacters(name, REFUSED_IN_NAMES);
        for (const file of relative) refuseCharacters(file, REFUSED_IN_PATHS);
        if (overwrite) this.artifacts = this.artifacts.filter((artifact) => artifact.name !== name);
        if (this.find(name))
            throw new Error(`(409) Conflict: an artifact named '${name}' already exists on the workflow run`);
        const before = this.artifacts.filter((other) => other.job === job).length;
        if (before >= MOST_OF_A_JOB) throw new Error(`A job uploads at most ${MOST_OF_A_JOB} artifacts`);
        const id = ++this.count;
        const place = path.join(this.directory, String(id));
        mkdirSync(place, { recursive: true });
        relative.forEach((file, index) => copyPlain(files[index], path.join(place, file)));
        const artifact = {
            id,
            name,
            job,
            path: place,
            files: relative,
            retention_days: retentionDays,
            digest: digestOf(place, relative),
        };
        this.artifacts.push(artifact);
        return artifact;
    }
}

function refuseCharacters(text, refused) {
    const found = refused.exec(text);
    if (found)
        throw new Error(
            `The name or path '${text}' is not valid for an artifact: it contains ${JSON.stringify(found[0])}`,
        );
}

/** An archive keeps contents; modes and links are lost. */
function copyPlain(source, target) {
    mkdirSync(path.dirname(target), { recursive: true });
    copyFileSync(source, target);
    chmodSync(target, 0o644);
}

function digestOf(place, files) {
    const hash = createHash("sha256");
    for (const file of files) hash.update(`${file}\0`).update(readFileSync(path.join(place, file)));
    return hash.digest("hex");
}

export async function upload(step, inputs) {
    const { job } = step;
    const { name = "artifact", path: input, "if-no-files-found": absent = "warn", "retention-days": days } = inputs;
    if (!input) throw new Error("Input required and not supplied: path");
    if (!["warn", "error", "ignore"].includes(absent))
        throw new Error(`Unrecognized if-no-files-found input '${absent}'`);
    const patterns = absolutePatterns(job, input);
    const found = await findFiles(patterns, { excludeHiddenFiles: !isTrue(inputs["include-hidden-files"]) });
    if (found.files.length === 0) {
        const message = `No files were found with the provided path: ${input}. No artifacts will be uploaded.`;
        if (absent === "ignore") step.log(message);
        else step.annotate(absent === "warn" ? "warning" : "error", message);
        return absent !== "error";
    }
    const artifact = job.engine.artifacts.add({
        name,
        files: found.files,
        root: rootOf(found),
        job: job.place.path,
        overwrite: isTrue(inputs.overwrite),
        retentionDays: days ? Number(days) : null,
    });
    const { server_url: server, repository, run_id: run } = job.github;
    Object.assign(step.outputs, {
        "artifact-id": String(artifact.id),
        "artifact-digest": artifact.digest,
        "artifact-url": `${server}/${repository}/actions/runs/${run}/artifacts/${artifact.id}`,
    });
    step.log(`Artifact ${name} has been successfully uploaded: ${artifact.files.length} files`);
    return true;
}

/** Where an artifact's paths begin: the common ancestor of several patterns, the directory of a single named file. */
function rootOf({ files, searchPaths }) {
    if (searchPaths.length > 1) return commonAncestor(searchPaths);
    return files.length === 1 && searchPaths[0] === files[0] ? path.dirname(files[0]) : searchPaths[0];
}

function commonAncestor(paths) {
    const [first, ...others] = paths.map((one) => path.normalize(one).split(path.sep));
    const differs = first.findIndex((part, index) => others.some((other) => other[index] !== part));
    return (differs < 0 ? first : first.slice(0, differs)).join(path.sep) || path.sep;
}

export async function download(step, inputs, version) {
    const { job } = step;
    const { name, pattern, path: target = "", "artifact-ids": ids } = inputs;
    if (name && ids)
        throw new Error("Inputs 'name' and 'artifact-ids' cannot be used together. Please specify only one.");
    const directory = path.resolve(job.workspace, target.replace(/^~/, job.home));
    const chosen = choose(job.engine.artifacts, { name, pattern, ids });
    const merged = isTrue(inputs["merge-multiple"]) || Boolean(name) || (chosen.length === 1 && flattensOne(version));
    for (const artifact of chosen) {
        const place = merged ? directory : path.join(directory, artifact.name);
        mkdirSync(place, { recursive: true });
        cpSync(artifact.path, place, { recursive: true });
    }
    step.log(`Total of ${chosen.length} artifact(s) downloaded`);
    step.outputs["download-path"] = directory;
    return true;
}

function choose(store, { name, pattern, ids }) {
    if (name) {
        const artifact = store.find(name);
        if (artifact === undefined) throw new Error(`Unable to download artifact(s): Artifact '${name}' not found`);
        return [artifact];
    }
    if (ids) {
        const wanted = ids.split(",").map((id) => Number(id.trim()));
        const found = store.artifacts.filter((artifact) => wanted.includes(artifact.id));
        if (found.length === 0)
            throw new Error("Unable to download artifact(s): None of the provided artifact IDs were found");
        return found;
    }
    const matcher = pattern ? new Minimatch(pattern) : undefined;
    return store.artifacts.filter((artifact) => !matcher || matcher.match(artifact.name));
}

/** Since v5 a single match lies in `path` itself, whatever its name; v4 gave it a directory, as it does several. */
function flattensOne(version) {
    return !/^v4(\.|$)/.test(version);
}
