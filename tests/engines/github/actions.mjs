// `uses:` of a step: a local composite action, one that the caller mapped to a directory, or a stand-in.

import path from "node:path";
import { evaluateText, evaluateTexts } from "./expressions.mjs";
import { entries, field, loadAction } from "./load.mjs";
import { STANDINS } from "./standins.mjs";
import { Frame, runSteps } from "./steps.mjs";

const REMOTE = /^(?<owner>[^/@]+)\/(?<name>[^/@]+)(?:\/(?<below>[^@]+))?@(?<ref>.+)$/;

/** True if the action succeeded. Throws for what GitHub could not resolve, and for what has no stand-in here. */
export async function runAction(step, reference) {
    const given = lowerKeys(evaluateTexts(field(step.token, "with"), step.scope()));
    if (reference.startsWith("./"))
        return runComposite(step, path.join(step.job.workspace, reference), reference, given);
    const parts = REMOTE.exec(reference)?.groups;
    if (parts === undefined) throw new Error(`'${reference}' is not executed here`);
    const repository = `${parts.owner}/${parts.name}`;
    const standin = STANDINS[[repository, parts.below].filter(Boolean).join("/").toLowerCase()];
    if (standin !== undefined) return standin(step, given, parts.ref);
    const directory = step.job.engine.actions[repository];
    if (directory === undefined)
        throw new Error(`Unable to resolve action '${reference}': no stand-in and no directory was given for it`);
    return runComposite(step, path.join(directory, parts.below ?? ""), reference, given, {
        action_repository: repository,
        action_ref: parts.ref,
    });
}

async function runComposite(step, directory, reference, given, github = {}) {
    const action = loadAction(directory, reference);
    step.job.engine.noteInjections(action.injections);
    const frame = new Frame(step.job, {
        parent: step,
        inputs: inputsOf(step, action, given),
        github: { ...github, action_path: directory },
        env: { ...step.frame.env, ...step.env },
    });
    await runSteps(frame, action.steps);
    const scope = frame.scope();
    for (const [name, output] of entries(field(action.root, "outputs"))) {
        step.outputs[name] = evaluateText(field(output, "value"), scope);
    }
    return frame.status === "success";
}

/** Inputs with their defaults, and what was given. Of unknown ones GitHub only warns, missing ones it ignores. */
function inputsOf(step, action, given) {
    const declared = entries(field(action.root, "inputs")).map(([name, token]) => [name.toLowerCase(), token]);
    const known = declared.map(([name]) => name);
    const unknown = Object.keys(given).filter((name) => !known.includes(name));
    if (unknown.length > 0) {
        const quoted = (list) => list.map((name) => `'${name}'`).join(", ");
        step.annotate("warning", `Unexpected input(s) ${quoted(unknown)}, valid inputs are [${quoted(known)}]`);
    }
    const defaults = declared.map(([name, token]) => [name, evaluateText(field(token, "default"), step.scope())]);
    return { ...Object.fromEntries(defaults), ...given };
}

function lowerKeys(mapping) {
    return Object.fromEntries(Object.entries(mapping).map(([key, value]) => [key.toLowerCase(), value]));
}
