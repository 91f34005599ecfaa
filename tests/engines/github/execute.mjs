// Executes a GitHub workflow on this machine, with GitHub's own parser and expression evaluator.
//
//   node execute.mjs REQUEST.json RESULT.json
//
// The request: repository, workflow (file below it), event, work (an empty directory), path (PATH of the runners), and
// if wanted actions (directories of remote actions by "owner/name"), secrets, vars, inputs, env (of every runner),
// github (parts of that context), parallel (runners; 2), timeout (seconds until the run is cancelled; 600), cache (a
// directory that outlives the run), previous (the `work` of this run's attempt before, whose failed jobs run again).
// The result is described by the dataclasses in tests/github_engine.py.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ArtifactStore } from "./artifacts.mjs";
import { Attempt } from "./attempt.mjs";
import { CacheStore } from "./cache.mjs";
import { field, Invalid, loadWorkflow, names } from "./load.mjs";
import { WorkflowRun } from "./workflow.mjs";

/** What all jobs of a run share. */
class Engine {
    constructor(request, workflow) {
        const { repository, work, actions = {}, secrets = {}, vars = {}, env = {}, parallel = 2 } = request;
        Object.assign(this, {
            repository,
            work,
            actions,
            vars,
            env,
            path: request.path,
            jobs: [],
            injections: [],
            number: 0,
        });
        this.secrets = { GITHUB_TOKEN: "ghs_token_of_this_run", ...secrets };
        this.before = Attempt.before(request.previous);
        this.artifacts = new ArtifactStore(path.join(work, "artifacts"), this.before.artifacts);
        this.caches = new CacheStore(request.cache ?? path.join(work, "caches"));
        const context = githubContext(request, workflow, this.secrets.GITHUB_TOKEN);
        this.github = { ...context, run_attempt: String(this.before.number + 1) };
        this.running = new Set(); // jobs
        this.free = parallel;
        this.queue = [];
    }

    nextNumber() {
        return ++this.number;
    }

    /** Waits for a free runner; call what it gives to release that one. */
    async runner() {
        if (this.free > 0) this.free--;
        else await new Promise((resolve) => this.queue.push(resolve));
        return () => {
            const next = this.queue.shift();
            if (next === undefined) this.free++;
            else next();
        };
    }

    noteInjections(found) {
        const known = new Set(this.injections.map(({ file, line }) => `${file}:${line}`));
        this.injections.push(...found.filter(({ file, line }) => !known.has(`${file}:${line}`)));
    }
}

function githubContext({ repository, path: search, event, workflow: file, inputs = {}, github = {} }, workflow, token) {
    const git = (...args) =>
        execFileSync("git", args, { cwd: repository, env: { ...process.env, PATH: search }, encoding: "utf8" }).trim();
    const branch = git("rev-parse", "--abbrev-ref", "HEAD");
    const isPullRequest = event === "pull_request";
    const sha = git("rev-parse", "HEAD");
    const name = field(workflow.root, "name")?.value ?? file;
    const ref = isPullRequest ? "refs/pull/1/merge" : `refs/heads/${branch}`;
    const context = {
        actor: "octocat",
        api_url: "http://127.0.0.1:1/api/v3", // nobody: a test that asks GitHub something names its server
        base_ref: isPullRequest ? "main" : "",
        event: { inputs },
        event_name: event,
        graphql_url: "http://127.0.0.1:1/api/graphql",
        head_ref: isPullRequest ? branch : "",
        ref,
        ref_name: isPullRequest ? "1/merge" : branch,
        ref_protected: false,
        ref_type: "branch",
        repository: "octo/project",
        repository_owner: "octo",
        retention_days: "90",
        run_id: "1",
        run_number: "1",
        server_url: "https://github.com",
        sha,
        token,
        triggering_actor: "octocat",
        workflow: name,
        workflow_ref: `octo/project/${file}@${ref}`,
        workflow_sha: sha,
        ...github,
    };
    return context;
}

async function execute(request) {
    const workflow = await loadWorkflow(request.repository, request.workflow);
    const events = names(field(workflow.root, "on"));
    if (!events.includes(request.event))
        throw new Invalid(`'${request.workflow}' does not run on '${request.event}', only on ${events.join(", ")}`);
    const engine = new Engine(request, workflow);
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), (request.timeout ?? 600) * 1000);
    for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => abandon(engine));
    const run = new WorkflowRun(engine, workflow, {
        inputs: request.inputs,
        secrets: engine.secrets,
        before: engine.before,
        signal: stop.signal,
    });
    const { result } = await run.run();
    clearTimeout(timer);
    return {
        attempt: engine.before.number + 1,
        conclusion: stop.signal.aborted ? "cancelled" : result,
        jobs: engine.jobs,
        artifacts: engine.artifacts.artifacts,
        injections: engine.injections,
        error: null,
    };
}

/** Whoever started us wants no result any more. */
function abandon(engine) {
    for (const job of engine.running) job.end();
    process.exit(1);
}

const [requestFile, resultFile] = process.argv.slice(2);
const request = JSON.parse(readFileSync(requestFile, "utf8"));
mkdirSync(request.work, { recursive: true });
mkdirSync(path.join(request.work, "jobs")); // fails if it is there: runners are fresh
try {
    writeFileSync(resultFile, JSON.stringify(await execute(request), null, 1));
} catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const nothing = { jobs: [], artifacts: [], injections: [] };
    writeFileSync(
        resultFile,
        JSON.stringify({ conclusion: "startup_failure", ...nothing, error: error.message }, null, 1),
    );
}
