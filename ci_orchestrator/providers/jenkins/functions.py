"""The part of a Jenkinsfile that is the same for every plan: what a job, a gate and the report do, and in which order.

Code stays small and constant while plans grow, for a method may not have more than 64 KB of bytecode and Jenkins turns
each of these into one. Errors are caught where a red job must not stop the build; interruptions never are.
"""

from __future__ import annotations

FLOW = r"""
// Levels run one after another, the stages of a level side by side. A red job stops only the stages that need it.
void runLevels() {
    for (level in LEVELS) {
        if (level.size() == 1) {
            stage(level[0].name) { runStage(level[0]) }
        } else {
            parallel(level.collectEntries { one -> [(one.name): { runStage(one) }] })
        }
    }
}

void runStage(Map one) {
    List unmet = one.needs.findAll { !PASSED[it] }
    if (unmet) {
        catchError(buildResult: 'SUCCESS', stageResult: 'NOT_BUILT') {
            error "not started: ${unmet.join(', ')} did not pass"
        }
        return
    }
    Map cells = JOBS[one.id] ?: [:]
    if (!cells) {
        // No test was found for this stage, and the plan allows that.
        PASSED[one.id] = true
        PASSED[one.gate] = true
        return
    }
@RUN@
    if (one.gate) {
        runGate(one, cells.keySet() as List)
    }
}
"""
CALL_GATE = """\
    if (one.gate) {
        runGate(one, cells.keySet() as List)
    }
"""

ALL_AT_ONCE = """\
    List red = []
    parallel(cells.collectEntries { job, name ->
        [(name): {
            if (!passes { "${one.run}"(job) }) {
                red << job
            }
        }]
    })
    if (!red) {
        PASSED[one.id] = true
    }"""

FAIL_FAST = """\
    // The first red job ends the others of its stage.
    if (passes { parallel(cells.collectEntries { job, name -> [(name): { "${one.run}"(job) }] } + [failFast: true]) }) {
        PASSED[one.id] = true
    }"""

LANES = """\
    // So many jobs at a time as there are lanes; each lane takes every so many-th job.
    List order = cells.keySet() as List
    int lanes = Math.min(one.lanes ?: order.size(), order.size())
    List red = []
    parallel((0..<lanes).collectEntries { lane ->
        [("${one.name}, lane ${lane + 1}".toString()): {
            for (int at = lane; at < order.size()@STOP@; at += lanes) {
                String job = order[at]
                stage(cells[job]) {
                    if (!passes { "${one.run}"(job) }) {
                        red << job
                    }
                }
            }
        }]
    })
    if (!red) {
        PASSED[one.id] = true
    }"""

GATE = r"""
// The gate after a stage: the next stage starts only if it says proceed (exit code 0; 4 is rollback, 5 is hold).
void runGate(Map one, List judged) {
    int verdict = 1
    stage(one.gate_name) {
        boolean proceed = passes {
            onAgent(CONTROL, @SECONDS@) {
                checkout scm
                prepared(INSTALL) {
                    collect(judged)
                    withEnv(["CI_ORCHESTRATOR_STAGE=${one.name}"]) {
                        verdict = sh(
                            label: 'decide',
                            returnStatus: true,
                            script: '.ci-orchestrator/bin/ci-orchestrator gate@PLAN@ --stage "$CI_ORCHESTRATOR_STAGE"' +
                                ' --lock .ci-orchestrator/plan.lock.json')
                    }
                    keepBundle(one.gate)
                    if (verdict) {
                        error "the gate does not let ${one.name} pass: exit code ${verdict}"
                    }
                }
            }
        }
        if (proceed) {
            PASSED[one.gate] = true
        }
    }
@VERDICTS@}
"""

ON_ROLLBACK = """\
    if (verdict == 4 && one.on_rollback) {
        stage("rollback ${one.name}") { passes { "${one.on_rollback}"() } }
    }
"""
ON_HOLD = """\
    if (verdict == 5 && one.on_hold) {
        stage("hold ${one.name}") { passes { "${one.on_hold}"() } }
    }
"""

TOOLS = r"""
// Runs the tests of one job and keeps what they left. The exit code is the job's: red is red.
void runTests(String job) {
    try {
        withEnv(["CI_ORCHESTRATOR_JOB=${job}"]) {
            sh(
                label: 'run tests',
                script: '.ci-orchestrator/bin/ci-orchestrator run@PLAN@ --job "$CI_ORCHESTRATOR_JOB"' +
                    ' --lock .ci-orchestrator/plan.lock.json')
        }
    } finally {
        keepBundle(job)
    }
}

// Whether `body` passed. A failure makes its stage red and lets the build go on; who stops the build stops all of it.
boolean passes(Closure body) {
    boolean passed = false
    catchError(buildResult: 'SUCCESS', stageResult: 'FAILURE', catchInterruptions: false) {
        body()
        passed = true
    }
    return passed
}

// An agent. What Jenkins itself loses is tried once more; a red test never is.
void onAgent(String label, int seconds, Closure body) {
    retry(count: 2, conditions: [agent(), nonresumable()]) {
        node(label) {
            long end = System.currentTimeMillis() + seconds * 1000L
            try {
                timeout(time: seconds, unit: 'SECONDS') { body() }
            } catch (e) {
                // A job that takes too long is red; to Jenkins it would look as if somebody had stopped the build.
                if (System.currentTimeMillis() >= end) {
                    error "it took longer than ${seconds} s"
                }
                throw e
            }
        }
    }
}

// In the project: ci-orchestrator, the lock once there is one, and nothing that an earlier build left.
void prepared(String install, Closure body) {
@IN_ROOT@
}

void keepBundle(String job) {
    try {
        stash name: "bundle-${job}", includes: ".ci-orchestrator/bundles/dtf-${job}-*/**", allowEmpty: true
        BUNDLES << job
    } catch (e) {
        echo "no bundle of ${job}: ${e.message}"
    }
}

void collect(List wanted) {
    for (job in wanted) {
        if (job in BUNDLES) {
            unstash "bundle-${job}"
        }
    }
}
"""

PREPARED = """\
sh label: 'clean up', script: 'rm -rf .ci-orchestrator'
sh label: 'install ci-orchestrator', script: install
if (LEVELS) {
    unstash 'plan'
}
body()"""
