// One job on one fresh runner: its own empty workspace, home and temporary directory, and a runner's environment only.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { evaluate, evaluateText, evaluateTexts } from "./expressions.mjs";
import { field } from "./load.mjs";
import { endGroup } from "./shell.mjs";
import { Frame, runSteps } from "./steps.mjs";

const HASH_FILES = fileURLToPath(new URL("hash-files.mjs", import.meta.url));
const MINUTE = 60_000;
/** https://docs.github.com/en/actions/reference/limits: of all outputs of a job, in UTF-16. */
const LARGEST_OUTPUTS = 1024 * 1024;
/** The parts of the `github` context that a runner puts into the environment (Runner.Worker/GitHubContext.cs). */
const EXPORTED = [
    "action",
    "action_path",
    "action_ref",
    "action_repository",
    "actor",
    "api_url",
    "base_ref",
    "event_name",
    "event_path",
    "graphql_url",
    "head_ref",
    "job",
    "ref",
    "ref_name",
    "ref_protected",
    "ref_type",
    "repository",
    "repository_owner",
    "retention_days",
    "run_attempt",
    "run_id",
    "run_number",
    "server_url",
    "sha",
    "triggering_actor",
    "workflow",
    "workflow_ref",
    "workflow_sha",
    "workspace",
];

export class Job {
    /** `place` is where the job stands: token, key, path, matrix, strategy, needs, inputs, secrets, workflow. */
    constructor(engine, place) {
        Object.assign(this, {
            engine,
            place,
            cancelled: false,
            prependPath: [],
            groups: [],
            running: new Set(),
            posts: [],
        });
        const home = path.join(
            engine.work,
            "jobs",
            `${String(engine.nextNumber()).padStart(3, "0")}-${place.path.replace(/[^\w.-]+/g, "_")}`,
        );
        for (const name of ["workspace", "temporary", "home", "tools"]) {
            this[name] = path.join(home, name);
            mkdirSync(this[name], { recursive: true });
        }
        this.record = { directory: home, steps: [], annotations: [], summaries: [], not_executed: [], outputs: {} };
        this.secretTexts = Object.values(place.secrets)
            .flatMap((value) => value.split("\n"))
            .filter(Boolean);
        this.github = {
            ...engine.github,
            job: place.key,
            workspace: this.workspace,
            event_path: path.join(home, "event.json"),
        };
        writeFileSync(this.github.event_path, JSON.stringify(this.github.event));
        this.runner = {
            name: "test-runner",
            os: "Linux",
            arch: process.arch === "arm64" ? "ARM64" : "X64",
            environment: "github-hosted",
            temp: this.temporary,
            tool_cache: this.tools,
            debug: "",
        };
        this.env = {};
        this.defaults = {};
        this.frame = new Frame(this, { inputs: place.inputs });
    }

    contexts() {
        const { matrix, strategy, needs, secrets, inputs } = this.place;
        const { vars } = this.engine;
        const job = { status: this.frame.status, container: {}, services: {} };
        return {
            github: this.github,
            runner: this.runner,
            env: this.env,
            job,
            matrix,
            strategy,
            needs,
            secrets,
            vars,
            inputs,
        };
    }

    /** Runs the job and returns its record; `signal` cancels it from outside. */
    async run(signal) {
        const cancel = () => this.cancel();
        signal.addEventListener("abort", cancel);
        this.engine.running.add(this);
        let timer;
        try {
            this.prepare();
            const minutes = this.option("timeout-minutes", 360);
            timer = setTimeout(() => this.expire(minutes), Math.min(minutes * MINUTE, 2 ** 31 - 1));
            await runSteps(this.frame, [...field(this.place.token, "steps")]);
            await this.runPosts();
            this.setOutputs();
        } catch (error) {
            this.annotate("error", error.message);
            this.frame.failed = true;
        } finally {
            clearTimeout(timer);
            signal.removeEventListener("abort", cancel);
            this.end();
        }
        return { ...this.record, result: this.frame.status };
    }

    /** Ends every process that the job left. */
    end() {
        this.groups.forEach(endGroup);
        this.engine.running.delete(this);
    }

    prepare() {
        const { token, workflow } = this.place;
        Object.assign(this.env, evaluateTexts(field(workflow.root, "env"), this.frame.scope()));
        Object.assign(this.env, evaluateTexts(field(token, "env"), this.frame.scope()));
        for (const level of [workflow.root, token]) {
            Object.assign(this.defaults, evaluateTexts(field(field(level, "defaults"), "run"), this.frame.scope()));
        }
        for (const key of ["runs-on", "environment", "concurrency", "permissions"]) {
            const inherited = key === "permissions" ? field(workflow.root, key) : undefined;
            this.record[key.replace("-", "_")] = evaluate(field(token, key) ?? inherited, this.frame.scope());
        }
        for (const key of ["container", "services"]) {
            if (field(token, key) === undefined) continue;
            this.record.not_executed.push({ what: key, value: evaluate(field(token, key), this.frame.scope()) });
        }
    }

    option(key, fallback) {
        const token = field(this.place.token, key);
        return token === undefined ? fallback : Number(evaluateText(token, this.frame.scope()));
    }

    /** Last, what actions registered for the end of the job, in reverse order. */
    async runPosts() {
        for (const post of this.posts.reverse()) await post(this.frame.status);
    }

    setOutputs() {
        const outputs = evaluateTexts(field(this.place.token, "outputs"), this.frame.scope());
        let size = 0;
        for (const [name, value] of Object.entries(outputs)) {
            if (value === "") continue;
            if (this.masked(value) !== value)
                this.annotate("warning", `Skip output '${name}' since it may contain secret.`);
            else this.record.outputs[name] = value;
            size += 2 * value.length;
        }
        if (size > LARGEST_OUTPUTS)
            throw new Error(`The job's outputs have ${size} bytes; at most ${LARGEST_OUTPUTS} are allowed`);
    }

    /** Steps whose `if` no longer holds are ended; those with `always()` or `cancelled()` still run. */
    cancel() {
        if (this.cancelled) return;
        this.cancelled = true;
        for (const step of this.running) {
            if (!step.endures()) step.stop();
        }
    }

    expire(minutes) {
        this.annotate("error", `The job has exceeded the maximum execution time of ${minutes} minutes`);
        this.cancel();
    }

    annotate(level, message) {
        this.record.annotations.push({ level, message: this.masked(message), step: null, shown: true, properties: {} });
    }

    mask(value) {
        this.secretTexts.push(...value.split("\n").filter(Boolean));
    }

    masked(value) {
        return this.secretTexts.reduce((all, secret) => all.replaceAll(secret, "***"), value);
    }

    hashFiles(patterns) {
        return execFileSync(process.execPath, [HASH_FILES, this.workspace, ...patterns], { encoding: "utf8" })
            .split("\n")
            .at(-1);
    }

    /** The environment of a process: what the workflow may override, and what it cannot. */
    runnerEnvironment(github) {
        const context = { ...this.github, ...github };
        const exported = EXPORTED.filter((key) => context[key] !== undefined).map((key) => [
            `GITHUB_${key.toUpperCase()}`,
            String(context[key]),
        ]);
        const runner = ["name", "os", "arch", "environment", "temp", "tool_cache"].map((key) => [
            `RUNNER_${key.toUpperCase()}`,
            this.runner[key],
        ]);
        const initial = {
            CI: "true",
            HOME: this.home,
            LANG: "C.UTF-8",
            TMPDIR: this.temporary,
            PATH: this.engine.path,
        };
        const fixed = { GITHUB_ACTIONS: "true", ...Object.fromEntries([...exported, ...runner]) };
        return { initial: { ...initial, ...this.engine.env }, fixed };
    }
}
