// What an attempt of a run left, for the next one: "Re-run failed jobs" keeps what succeeded, with its outputs and
// artifacts, and runs again what did not, and everything that depends on it.
// https://docs.github.com/en/actions/how-tos/manage-workflow-runs/re-run-workflows-and-jobs

import { readFileSync } from "node:fs";
import path from "node:path";

const KEPT = ["success", "skipped"];

export class Attempt {
    /** `jobs` and `artifacts` as in the result. */
    constructor(number, jobs, artifacts) {
        Object.assign(this, { number, jobs, artifacts });
    }

    /** The attempt whose `work` was that directory; an empty one, with the number 0, before the first. */
    static before(work) {
        if (work === undefined) return new Attempt(0, [], []);
        const { attempt, jobs, artifacts } = JSON.parse(readFileSync(path.join(work, "result.json"), "utf8"));
        return new Attempt(attempt, jobs, artifacts);
    }

    /** The records of the job `key`, of a call those of the jobs in it, too; `prefix` as in WorkflowRun. */
    of(prefix, key) {
        const own = `${prefix}${key}`;
        return this.jobs.filter(({ id }) => id === own || id.startsWith(`${own} (`) || id.startsWith(`${own} / `));
    }

    /** The record of one cell that is kept, if it is. */
    kept(id) {
        return this.jobs.find((job) => job.id === id && KEPT.includes(job.result));
    }

    /** Whether all records of a job are kept; it had some in every attempt after the first. */
    keeps(prefix, key) {
        return this.number > 0 && this.of(prefix, key).every(({ result }) => KEPT.includes(result));
    }
}
