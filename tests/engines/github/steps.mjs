// Runs the steps of a job or of a composite action, after Runner.Worker/StepsRunner.cs and CompositeActionHandler.cs.

import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { runAction } from "./actions.mjs";
import { OutputReader, parsePairs } from "./commands.mjs";
import { evaluateCondition, evaluateText, evaluateTexts, Scope } from "./expressions.mjs";
import { field, stepLabel } from "./load.mjs";
import { runScript } from "./shell.mjs";

const FILES = ["output", "env", "path", "step_summary", "state"];
/** The runner's bounds on what reaches the check: per step and level, and of one message. */
const MOST_ANNOTATIONS = 10;
const LONGEST_MESSAGE = 4096;
const LARGEST_SUMMARY = 1024 * 1024;
const MINUTE = 60_000;

/** Steps that see each other: those of a job, or those of one use of a composite action. */
export class Frame {
    constructor(job, { inputs, github = {}, env = {}, parent } = {}) {
        Object.assign(this, { job, inputs, github, env, parent, steps: {}, failed: false });
    }

    get status() {
        if (this.job.cancelled) return "cancelled";
        return this.failed ? "failure" : "success";
    }

    /** What the expressions of a step see; `env` is what the step adds. */
    scope(env = {}) {
        const { job } = this;
        const contexts = {
            ...job.contexts(),
            github: { ...job.github, ...this.github, action_status: this.parent ? this.status : undefined },
            env: { ...job.env, ...this.env, ...env },
            inputs: this.inputs,
            steps: this.steps,
        };
        return new Scope(contexts, {
            always: () => true,
            cancelled: () => job.cancelled,
            failure: () => this.status === "failure",
            success: () => this.status === "success",
            hashFiles: (...patterns) => job.hashFiles(patterns),
        });
    }
}

/** Runs all steps of a frame in order; each one's `if` decides about it. */
export async function runSteps(frame, tokens) {
    for (const token of tokens) {
        if (frame.parent?.signal.aborted) return;
        const step = new Step(frame, token);
        await step.run();
        if (["failure", "cancelled"].includes(step.record.conclusion)) frame.failed = true;
    }
}

class Step {
    constructor(frame, token) {
        this.frame = frame;
        this.job = frame.job;
        this.token = token;
        this.id = field(token, "id")?.value;
        this.outputs = {};
        this.env = {};
        this.failed = false; // by a command in the output
        this.controller = new AbortController();
        this.signal = frame.parent
            ? AbortSignal.any([this.controller.signal, frame.parent.signal])
            : this.controller.signal;
        this.record = {
            id: this.id ?? null,
            name: stepLabel(token),
            outcome: null,
            conclusion: null,
            exit_code: null,
            log: [],
            steps: [],
        };
        (frame.parent?.record.steps ?? this.job.record.steps).push(this.record);
    }

    async run() {
        const outcome = await this.attempt();
        this.finish(outcome, outcome === "failure" && this.isTolerated() ? "success" : outcome);
    }

    /** success, failure, cancelled or skipped; errors of the workflow or of an action become annotations. */
    async attempt() {
        try {
            this.env = evaluateTexts(field(this.token, "env"), this.frame.scope());
            this.job.running.add(this);
            if (!this.isDue()) return "skipped";
            this.record.name = this.displayName();
            return await this.withinTime(() => this.act());
        } catch (error) {
            if (this.signal.aborted) return this.interrupted();
            this.annotate("error", error.message);
            return "failure";
        } finally {
            this.job.running.delete(this);
        }
    }

    finish(outcome, conclusion) {
        Object.assign(this.record, { outcome, conclusion });
        if (this.id) this.frame.steps[this.id] = { outputs: this.outputs, outcome, conclusion };
    }

    isDue() {
        return evaluateCondition(field(this.token, "if"), this.scope());
    }

    /** Whether it goes on though the job was cancelled; a composite action leaves that to its own steps. */
    endures() {
        try {
            return this.record.steps.length > 0 || this.isDue();
        } catch {
            return false;
        }
    }

    isTolerated() {
        const token = field(this.token, "continue-on-error");
        return token !== undefined && evaluateText(token, this.scope()) === "true";
    }

    scope() {
        return this.frame.scope(this.env);
    }

    displayName() {
        const name = field(this.token, "name");
        return name === undefined ? this.record.name : evaluateText(name, this.scope());
    }

    async withinTime(act) {
        const token = field(this.token, "timeout-minutes");
        const minutes = token === undefined ? 0 : Number(evaluateText(token, this.scope()));
        const timer = minutes > 0 && setTimeout(() => this.stop(minutes), minutes * MINUTE);
        try {
            const ok = await act();
            if (this.signal.aborted) return this.interrupted();
            return ok && !this.failed ? "success" : "failure";
        } finally {
            clearTimeout(timer);
        }
    }

    /** Ends what the step runs; after its own time-out with `minutes`. */
    stop(minutes) {
        if (minutes) this.expired = minutes;
        this.controller.abort();
    }

    interrupted() {
        if (this.expired)
            this.annotate("error", `The action '${this.record.name}' has timed out after ${this.expired} minutes.`);
        else if (this.job.cancelled) this.annotate("error", "The operation was canceled.");
        return this.expired ? "failure" : "cancelled";
    }

    act() {
        const reference = field(this.token, "uses");
        return reference === undefined ? this.runShell() : runAction(this, reference.value);
    }

    async runShell() {
        const scope = this.scope();
        const script = evaluateText(field(this.token, "run"), scope);
        const option = (name) => {
            const token = field(this.token, name);
            return token === undefined
                ? this.frame.parent
                    ? undefined
                    : this.job.defaults[name]
                : evaluateText(token, scope);
        };
        const files = this.makeFiles();
        const reader = new OutputReader(this);
        const code = await runScript({
            script,
            shell: option("shell"),
            directory: path.resolve(this.job.workspace, option("working-directory") ?? ""),
            env: this.environment(files),
            temporary: this.job.temporary,
            signal: this.signal,
            onLine: (line) => reader.read(line),
            started: (group) => this.job.groups.push(group),
        });
        this.record.exit_code = code;
        this.readFiles(files);
        if (code !== 0 && code !== null) this.annotate("error", `Process completed with exit code ${code}.`);
        return code === 0;
    }

    environment(files) {
        const { job, frame } = this;
        const { initial, fixed } = job.runnerEnvironment({ ...frame.github, action: this.id ?? "__run" });
        const added = Object.fromEntries(FILES.map((name) => [`GITHUB_${name.toUpperCase()}`, files[name]]));
        const env = { ...initial, ...job.env, ...frame.env, ...this.env, ...fixed, ...added };
        return { ...env, PATH: [...job.prependPath].reverse().concat(env.PATH).join(":") };
    }

    makeFiles() {
        const directory = path.join(this.job.temporary, "_runner_file_commands");
        mkdirSync(directory, { recursive: true });
        const files = Object.fromEntries(FILES.map((name) => [name, path.join(directory, `${name}_${randomUUID()}`)]));
        for (const file of Object.values(files)) writeFileSync(file, "");
        return files;
    }

    readFiles(files) {
        for (const name of FILES) {
            try {
                this[`read_${name}`]?.(readFileSync(files[name], "utf8"));
            } catch (error) {
                this.annotate("error", `Unable to process file command '${name}' successfully.`);
                this.annotate("error", error.message);
                this.failed = true;
            }
        }
    }

    read_output(content) {
        Object.assign(this.outputs, Object.fromEntries(parsePairs(content)));
    }

    read_env(content) {
        for (const [key, value] of parsePairs(content)) {
            if (key.toUpperCase() === "NODE_OPTIONS")
                this.annotate("error", `Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.`);
            else this.job.env[key] = value;
        }
    }

    read_path(content) {
        for (const line of content.split("\n").filter(Boolean)) {
            this.job.prependPath = [...this.job.prependPath.filter((other) => other !== line), line];
        }
    }

    read_step_summary(content) {
        const size = Buffer.byteLength(content);
        if (size > LARGEST_SUMMARY) {
            const sizes = `up to a size of 1024k, got ${Math.floor(size / 1024)}k`;
            this.annotate("error", `$GITHUB_STEP_SUMMARY upload aborted, supports content ${sizes}.`);
        } else if (size > 0) this.job.record.summaries.push({ step: this.record.name, text: this.job.masked(content) });
    }

    log(line) {
        this.record.log.push(this.job.masked(line));
        this.frame.parent?.log(line);
    }

    /** A message on the check of this commit. Steps of a composite action share the bound of the step that uses it. */
    annotate(level, message, properties = {}) {
        if (this.frame.parent) return this.frame.parent.annotate(level, message, properties);
        const { annotations } = this.job.record;
        const before = annotations.filter((other) => other.step === this.record.name && other.level === level).length;
        annotations.push({
            level,
            message: this.job.masked(message).slice(0, LONGEST_MESSAGE),
            step: this.record.name,
            shown: before < MOST_ANNOTATIONS,
            properties,
        });
        return undefined;
    }
}
