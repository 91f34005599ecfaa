// Stand-ins for GitHub's own actions: they do on this machine what the real ones do with GitHub's services.
//
// Each is called with the step, its inputs (lower-case names) and the version, and says whether it succeeded.

import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { download, upload } from "./artifacts.mjs";
import { restore, restoreAndSave, save } from "./cache.mjs";

const run = promisify(execFile);

/** actions/checkout: fetches the commit of this run, and nothing that is not committed. */
async function checkout(step, { path: below = "", "fetch-depth": depth = "1", repository, ref }) {
    const { job } = step;
    const { engine, github } = job;
    const foreign = repository && repository !== github.repository;
    const source = foreign ? engine.actions[repository] : engine.repository;
    if (source === undefined)
        throw new Error(`Repository '${repository}' is not on this machine: map it to a directory`);
    const directory = path.resolve(job.workspace, below);
    if (!directory.startsWith(job.workspace))
        throw new Error(`Repository path '${directory}' is not under '${job.workspace}'`);
    mkdirSync(directory, { recursive: true });
    const git = async (...args) => {
        const { stdout } = await run("git", args, {
            cwd: directory,
            env: { PATH: engine.path, HOME: job.home, LANG: "C.UTF-8" },
        });
        return stdout.trim();
    };
    await git("init", "--quiet", ".");
    await git("remote", "add", "origin", `file://${source}`);
    const shallow = depth === "0" ? ["--tags"] : [`--depth=${depth}`, "--no-tags"];
    await git("fetch", "--quiet", ...shallow, "origin", ref || (foreign ? "HEAD" : github.sha));
    const branch = !ref && !foreign && github.ref_type === "branch" && github.event_name !== "pull_request";
    await git("checkout", "--quiet", "--force", ...(branch ? ["-B", github.ref_name] : ["--detach"]), "FETCH_HEAD");
    Object.assign(step.outputs, { commit: await git("rev-parse", "HEAD"), ref: ref || github.ref });
    return true;
}

/** actions/setup-…: the tools are those of this machine; what was asked for is in the step's record. */
function setup(version) {
    return async (step, inputs) => {
        step.record.inputs = inputs;
        if (inputs[version]) step.outputs[version] = inputs[version];
        step.outputs["cache-hit"] = "false";
        return true;
    };
}

export const STANDINS = {
    "actions/cache": restoreAndSave,
    "actions/cache/restore": restore,
    "actions/cache/save": save,
    "actions/checkout": checkout,
    "actions/download-artifact": download,
    "actions/setup-go": setup("go-version"),
    "actions/setup-java": setup("java-version"),
    "actions/setup-node": setup("node-version"),
    "actions/setup-python": setup("python-version"),
    "actions/upload-artifact": upload,
};
