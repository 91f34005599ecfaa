// The jobs of one workflow, or of one call of a reusable workflow: needs, conditions, matrices, results.

import { Attempt } from "./attempt.mjs";
import { evaluate, evaluateCondition, evaluateText, evaluateTexts, Scope, text } from "./expressions.mjs";
import { Job } from "./job.mjs";
import { entries, field, loadWorkflow, names } from "./load.mjs";
import { displayName, expandStrategy } from "./matrix.mjs";

export class WorkflowRun {
    /**
     * `prefix` names the call within the run ("" for the run itself); `before` is what an attempt before left of it;
     * `signal` cancels all of it.
     */
    constructor(engine, workflow, { inputs = {}, secrets, prefix = "", before, signal }) {
        Object.assign(this, { engine, workflow, inputs, secrets, prefix, before, signal });
        Object.assign(this, { states: {}, finished: new Map() });
        engine.noteInjections(workflow.injections);
    }

    get cancelled() {
        return this.signal.aborted;
    }

    /** Runs every job, as many at once as the engine has runners. */
    async run() {
        await Promise.all([...this.workflow.jobs.keys()].map((key) => this.finish(key)));
        return { result: overall(Object.values(this.states).map((state) => state.result)), outputs: this.outputs() };
    }

    outputs() {
        const declared = field(field(field(this.workflow.root, "on"), "workflow_call"), "outputs");
        const scope = new Scope({
            github: this.engine.github,
            inputs: this.inputs,
            vars: this.engine.vars,
            jobs: this.states,
        });
        const outputs = entries(declared).map(([name, output]) => [name, evaluateText(field(output, "value"), scope)]);
        return Object.fromEntries(outputs.filter(([, value]) => value !== ""));
    }

    /** The job `key`, run once however many wait for it. */
    finish(key) {
        if (!this.finished.has(key)) this.finished.set(key, this.decide(key));
        return this.finished.get(key);
    }

    async decide(key) {
        const token = this.workflow.jobs.get(key);
        await Promise.all(names(field(token, "needs")).map((need) => this.finish(need)));
        const scope = this.scope(key);
        try {
            if (this.isKept(key)) this.keep(key);
            else if (!this.isDue(token, key)) this.settle(key, token, "skipped");
            else await this.runCells(key, token, scope);
        } catch (error) {
            this.settle(key, token, "failure", error.message);
        }
    }

    /** Whether an attempt before did the job, and none that it needs runs again. */
    isKept(key) {
        return this.before.keeps(this.prefix, key) && this.areKept(this.ancestors(key));
    }

    areKept(keys) {
        return keys.every((name) => this.before.keeps(this.prefix, name));
    }

    keep(key) {
        const records = this.before.of(this.prefix, key);
        const own = records.filter((record) => record.job === key);
        const outputs = Object.assign({}, ...own.map((record) => record.outputs));
        this.states[key] = { result: overall(own.map((record) => record.result)), outputs };
        this.engine.jobs.push(...records);
    }

    /** A job that no runner sees: skipped by its condition, or refused. */
    settle(key, token, result, message) {
        this.states[key] = { result, outputs: {} };
        const annotations = message ? [{ level: "error", message, step: null, shown: true, properties: {} }] : [];
        const name = field(token, "name")?.value ?? key;
        this.engine.jobs.push({ ...this.blank(key, token), name: String(name), result, annotations });
    }

    blank(key, token) {
        return {
            id: `${this.prefix}${key}`,
            job: key,
            name: key,
            matrix: null,
            needs: names(field(token, "needs")),
            calls: field(token, "uses")?.value ?? null,
            result: null,
            outputs: {},
            steps: [],
            annotations: [],
            summaries: [],
            not_executed: [],
        };
    }

    /** Status functions look at all ancestors, not only at the direct `needs` (actions/runner#491, #2205). */
    scope(key) {
        const ancestors = this.ancestors(key);
        const results = (chosen) => (chosen.length ? chosen : ancestors).map((name) => this.states[name].result);
        const contexts = {
            github: this.engine.github,
            vars: this.engine.vars,
            inputs: this.inputs,
            needs: this.needs(key),
        };
        return new Scope(contexts, {
            always: () => true,
            cancelled: () => this.cancelled,
            failure: (...chosen) => !this.cancelled && results(chosen).includes("failure"),
            success: (...chosen) => !this.cancelled && results(chosen).every((result) => result === "success"),
        });
    }

    /** Whether the job's condition holds: to start it, and to let it go on when the run is cancelled. */
    isDue(token, key) {
        return evaluateCondition(field(token, "if"), this.scope(key));
    }

    ancestors(key, seen = new Set()) {
        for (const need of names(field(this.workflow.jobs.get(key), "needs"))) {
            if (!seen.has(need)) this.ancestors(need, seen.add(need));
        }
        return [...seen];
    }

    needs(key) {
        const direct = names(field(this.workflow.jobs.get(key), "needs"));
        return Object.fromEntries(direct.map((need) => [need, this.states[need]]));
    }

    /** All jobs of a matrix: at most `max-parallel` at once, and with `fail-fast` the first failure ends the others. */
    async runCells(key, token, scope) {
        const cells = expandStrategy(evaluate(field(token, "strategy"), scope));
        if (cells.length === 0) return this.settle(key, token, "skipped");
        const outputs = {};
        const stop = new AbortController();
        const cancel = () => this.isDue(token, key) || stop.abort();
        this.signal.addEventListener("abort", cancel, { once: true });
        const { signal } = stop;
        const waiting = [...cells];
        const results = [];
        const work = async () => {
            for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
                const { result, outputs: own } = await this.runCell(key, token, { ...cell, signal });
                results.push(result);
                // Of several the last to finish wins; of calls, the last that succeeded.
                if (field(token, "uses") === undefined || result === "success") Object.assign(outputs, own);
                if (result === "failure" && cell.strategy["fail-fast"]) stop.abort();
            }
        };
        const parallel = Math.min(cells.length, cells[0].strategy["max-parallel"]);
        await Promise.all(Array.from({ length: parallel }, work));
        this.signal.removeEventListener("abort", cancel);
        this.states[key] = { result: overall(results), outputs };
    }

    /** One job: { result, outputs } as its dependants see them; its record goes to the engine. */
    async runCell(key, token, { matrix, strategy, suffix, signal }) {
        const path = `${this.prefix}${key}${suffix ? ` (${suffix})` : ""}`;
        const before = this.areKept(this.ancestors(key)) ? this.before : Attempt.before();
        if (before.kept(path)) return this.keepCell(path);
        const place = {
            token,
            key,
            matrix,
            strategy,
            workflow: this.workflow,
            inputs: this.inputs,
            secrets: this.secrets,
            needs: this.needs(key),
            path,
            before,
        };
        const scope = new Scope({
            github: this.engine.github,
            vars: this.engine.vars,
            inputs: this.inputs,
            needs: place.needs,
            matrix,
            strategy,
            secrets: this.secrets,
        });
        const nameToken = field(token, "name");
        const literal = nameToken?.isExpression !== true;
        const name = nameToken === undefined ? key : evaluateText(nameToken, scope);
        const record = {
            ...this.blank(key, token),
            id: place.path,
            matrix,
            name: displayName(name, literal ? suffix : ""),
        };
        this.engine.jobs.push(record);
        const isCall = record.calls !== null;
        Object.assign(record, await (isCall ? this.call(place, scope, signal) : this.occupy(place, signal)));
        const tolerated = field(token, "continue-on-error");
        const forgiven =
            record.result === "failure" && tolerated !== undefined && evaluateText(tolerated, scope) === "true";
        return { result: forgiven ? "success" : record.result, outputs: record.outputs };
    }

    /** A cell that succeeded, of a job with others that did not. */
    keepCell(path) {
        const records = this.before.jobs.filter(({ id }) => id === path || id.startsWith(`${path} / `));
        this.engine.jobs.push(...records);
        const { result, outputs } = this.before.kept(path);
        return { result, outputs };
    }

    async occupy(place, signal) {
        const release = await this.engine.runner();
        try {
            return signal.aborted ? { result: "cancelled" } : await new Job(this.engine, place).run(signal);
        } finally {
            release();
        }
    }

    async call(place, scope, signal) {
        if (signal.aborted) return { result: "cancelled" };
        const reference = field(place.token, "uses").value;
        if (!reference.startsWith("./"))
            return failed(`Reusable workflow '${reference}' is not executed here: only local ones are`);
        try {
            const workflow = await loadWorkflow(this.engine.repository, reference.slice(2));
            const inputs = callInputs(workflow, evaluate(field(place.token, "with"), scope) ?? {}, scope);
            const secrets = this.callSecrets(place, scope);
            const options = { inputs, secrets, prefix: `${place.path} / `, before: place.before, signal };
            const run = new WorkflowRun(this.engine, workflow, options);
            return await run.run();
        } catch (error) {
            return failed(error.message);
        }
    }

    callSecrets({ token }, scope) {
        const given = field(token, "secrets");
        if (given?.value === "inherit") return this.secrets;
        return { GITHUB_TOKEN: this.secrets.GITHUB_TOKEN, ...evaluateTexts(given, scope) };
    }
}

function failed(message) {
    return { result: "failure", annotations: [{ level: "error", message, step: null, shown: true, properties: {} }] };
}

/** The inputs of a called workflow by their declared types; loading found undeclared and missing ones. */
function callInputs(workflow, given, scope) {
    const declared = entries(field(field(field(workflow.root, "on"), "workflow_call"), "inputs"));
    return Object.fromEntries(
        declared.map(([name, token]) => {
            const type = field(token, "type")?.value ?? "string";
            return [name, typed(name, type, given[name] ?? evaluate(field(token, "default"), scope))];
        }),
    );
}

function typed(name, type, value) {
    const empty = { string: "", boolean: false, number: 0 }[type];
    if (value === null || value === undefined) return empty;
    if (type === "string") return text(value);
    if (typeof value !== type) throw new Error(`Input '${name}' must be a ${type}, not ${JSON.stringify(value)}`);
    return value;
}

/** The result of several: a failure before a cancellation before a success; all skipped is skipped. */
export function overall(results) {
    if (results.includes("failure")) return "failure";
    if (results.includes("cancelled")) return "cancelled";
    return results.includes("success") ? "success" : "skipped";
}
