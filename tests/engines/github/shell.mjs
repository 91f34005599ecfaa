// Starts the shell of a `run` step as the runner does (Runner.Worker/Handlers/ScriptHandlerHelpers.cs).

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";

const ARGUMENTS = { bash: "--noprofile --norc -e -o pipefail {0}", sh: "-e {0}", python: "{0}" };
const EXTENSIONS = { bash: ".sh", sh: ".sh", python: ".py" };

/** The runner waits 7.5 s after SIGINT and 2.5 s after SIGTERM; tests have less patience. */
const PATIENCE = { SIGINT: 1000, SIGTERM: 500 };
/** Milliseconds that the output of a finished step may be held open by a process it left behind. */
const DRAIN = 1000;

/** Program and arguments for `shell` as written in a step; without one GitHub takes bash, by `-e` alone. */
function commandOf(shell, script) {
    if (!shell) return ["bash", "-e", script];
    const [program, ...rest] = shell.split(" ");
    const format = rest.join(" ").trim() || ARGUMENTS[program];
    if (!format?.includes("{0}")) {
        throw new Error(
            `Invalid shell option '${shell}': it must be bash, sh, python or a format string containing '{0}'`,
        );
    }
    return [program, ...format.split(/\s+/).map((argument) => argument.replace("{0}", script))];
}

/**
 * Runs `script` and returns its exit code, or null if `signal` ended it. Interrupted as by the runner: only the shell
 * itself gets the signals, its children hear nothing. `started` receives the process group, to be ended with the job.
 */
export async function runScript({ script, shell, directory, env, temporary, signal, onLine, started }) {
    if (!existsSync(directory)) throw new Error(`The working directory '${directory}' does not exist`);
    const file = path.join(temporary, `${randomUUID()}${EXTENSIONS[shell?.split(" ")[0] ?? "sh"] ?? ""}`);
    writeFileSync(file, script);
    const [program, ...args] = commandOf(shell, file);
    const child = spawn(program, args, { cwd: directory, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    if (child.pid !== undefined) started(child.pid); // else there is no such program, and an error follows
    for (const stream of [child.stdout, child.stderr]) readLines(stream, onLine);
    const closed = new Promise((resolve) => child.once("close", resolve));
    const stop = () => interrupt(child);
    signal.addEventListener("abort", stop, { once: true });
    try {
        const code = await exitOf(child);
        await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, DRAIN).unref())]);
        return signal.aborted ? null : code;
    } finally {
        signal.removeEventListener("abort", stop);
    }
}

function readLines(stream, onLine) {
    let rest = "";
    stream.setEncoding("utf8");
    stream.on("data", (text) => {
        const lines = (rest + text).split(/\r?\n/);
        rest = lines.pop();
        lines.forEach(onLine);
    });
    stream.on("end", () => rest && onLine(rest));
}

/** The exit code; a process ended by a signal counts as 128 + its number, as in a shell. */
function exitOf(child) {
    return new Promise((resolve, reject) => {
        child.once("error", reject);
        child.once("exit", (code, name) => resolve(code ?? 128 + (name === "SIGKILL" ? 9 : 15)));
    });
}

function interrupt(child) {
    const timers = [];
    let delay = 0;
    for (const name of ["SIGINT", "SIGTERM", "SIGKILL"]) {
        timers.push(setTimeout(() => child.kill(name), delay));
        delay += PATIENCE[name] ?? 0;
    }
    child.once("exit", () => timers.forEach(clearTimeout));
}

/** Ends what a job left running, as a runner does at a job's end. */
export function endGroup(group) {
    try {
        process.kill(-group, "SIGKILL");
    } catch (error) {
        if (error.code !== "ESRCH") throw error;
    }
}
