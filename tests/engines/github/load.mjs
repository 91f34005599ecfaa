// Reads workflows and actions with GitHub's parser, and refuses what GitHub would refuse.
//
// The executor walks the raw YAML nodes: the parser's own converted form drops `with`, `shell` and `timeout-minutes`.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import {
    convertWorkflowTemplate,
    ErrorPolicy,
    NoOperationTraceWriter,
    parseAction,
    parseDocument,
    parseWorkflow,
    TokenType,
    visit,
} from "./official.mjs";

/** Levels of workflows calling workflows that GitHub allows. */
const CALL_DEPTH = 10;

/** The file is no valid workflow or action; GitHub would not start the run. */
export class Invalid extends Error {}

/** The value of `key` in a mapping node, or undefined. */
export function field(mapping, key) {
    return mapping?.templateTokenType === TokenType.Mapping ? mapping.find(key) : undefined;
}

/** [key, value] of a mapping node; nothing for an absent one. */
export function entries(mapping) {
    return [...(mapping ?? [])].map(({ key, value }) => [key.value, value]);
}

/** A list node, or a single text, as texts: how `needs` and `on` may be written. */
export function names(token) {
    if (token === undefined) return [];
    if (token.templateTokenType === TokenType.Sequence) return [...token].map((item) => item.value);
    if (token.templateTokenType === TokenType.Mapping) return entries(token).map(([key]) => key);
    return [token.value];
}

export async function loadWorkflow(repository, file) {
    const content = readText(path.join(repository, file), `workflow '${file}'`);
    const { context, value } = parse(parseWorkflow, file, content);
    if (value !== undefined) {
        await convertWorkflowTemplate(context, value, filesBelow(repository), {
            errorPolicy: ErrorPolicy.TryConversion,
            fetchReusableWorkflowDepth: 1,
            maxReusableWorkflowDepth: CALL_DEPTH,
        });
    }
    refuse(context);
    const root = parse(parseWorkflow, file, onOneLine(content)).value;
    const injections = entries(field(value, "jobs")).flatMap(([job, token]) =>
        injectionsOf(file, job, field(token, "steps")),
    );
    return { file, root, jobs: new Map(entries(field(root, "jobs"))), injections };
}

/** The composite action in `directory`, wherever GitHub would have put it. */
export function loadAction(directory, reference) {
    const file = ["action.yml", "action.yaml"]
        .map((name) => path.join(directory, name))
        .find((name) => existsSync(name));
    if (file === undefined)
        throw new Error(`Can't find 'action.yml' or 'action.yaml' for action '${reference}' under '${directory}'`);
    const content = readFileSync(file, "utf8");
    const { context, value } = parse(parseAction, file, content);
    refuse(context);
    const using = field(field(value, "runs"), "using").value;
    if (using !== "composite")
        throw new Error(
            `Action '${reference}' uses '${using}', which is not executed here: only composite actions are`,
        );
    const root = parse(parseAction, file, onOneLine(content)).value;
    const injections = injectionsOf(file, "", field(field(value, "runs"), "steps"));
    return { root, steps: [...field(field(root, "runs"), "steps")], injections };
}

function parse(parser, name, content) {
    return parser({ name, content }, new NoOperationTraceWriter());
}

/**
 * The same YAML with every text in quotes on one line. Of a text of several lines with an expression the
 * published parser keeps the source instead of the value: quoting and indentation would end up in the script.
 */
function onOneLine(content) {
    const document = parseDocument(content);
    visit(document, {
        Scalar(_, node) {
            if (typeof node.value === "string") node.type = "QUOTE_DOUBLE";
        },
    });
    return document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER });
}

function filesBelow(repository) {
    return {
        async getFileContent({ path: file }) {
            return { name: file, content: readText(path.join(repository, file), `reusable workflow '${file}'`) };
        },
    };
}

function readText(file, what) {
    if (!existsSync(file)) throw new Invalid(`${what} does not exist: ${file}`);
    return readFileSync(file, "utf8");
}

function refuse(context) {
    const errors = context.errors.getErrors();
    if (errors.length > 0) throw new Invalid([...new Set(errors.map((error) => error.message))].join("\n"));
}

/** Every `run` with an expression in it: whatever that gives becomes part of the program (script injection). */
function injectionsOf(file, job, steps) {
    return [...(steps ?? [])].flatMap((step) => {
        const script = field(step, "run");
        if (script?.templateTokenType !== TokenType.BasicExpression) return [];
        const expressions = (script.originalExpressions ?? [script]).map((token) => token.expression);
        return [{ file, line: script.line, job, step: stepLabel(step), expressions }];
    });
}

export function stepLabel(step) {
    const label = field(step, "id") ?? field(step, "name") ?? field(step, "uses") ?? field(step, "run");
    return String(label?.value ?? label?.source ?? "step").split("\n")[0];
}
