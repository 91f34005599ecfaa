// Stands for gitlab-ci-local's own choice of the jobs that start next, which looks through all that came before a job.
// GitLab looks at what a job itself waits for, and takes a job that was never started for what it is: skipped.
//   on_success: its needs have all succeeded (without needs: no job of an earlier stage failed; skipped ones are fine)
//   on_failure: one of them failed, and none was skipped;   always: they are over, skipped ones too
// Source: lib/gitlab/ci/status/composite.rb and app/services/ci/process_build_service.rb of gitlab-org/gitlab.
static getStartCandidates(jobs, stages, potential, manual) {
  const states = new Map();
  const before = (job) => job.needs
    ? B1.getNeededToWaitFor(jobs, manual, job)
    : B1.getPreviousToWaitFor(jobs, stages, job)
      .filter((past) => past.when !== "never" && (past.when !== "manual" || manual.includes(past.name)));
  const state = (job) => {
    if (!states.has(job)) {
      states.set(job, "waiting"); // of a circle
      states.set(job, look(job));
    }
    return states.get(job);
  };
  const look = (job) => {
    if (job.finished) return B1.isPastFailed([job]) ? "failed" : "success";
    if (job.started) return "waiting";
    const past = new Set(before(job).map(state));
    if (past.has("waiting") || past.has("ready")) return "waiting";
    const all = past.has("skipped") && job.needs ? "skipped" : past.has("failed") ? "failed" : "success";
    const starts = job.when === "always" || all === (job.when === "on_failure" ? "failed" : "success");
    return starts ? "ready" : "skipped";
  };
  return [...new Set(potential)].filter((job) => !job.started && state(job) === "ready");
}
