// Evaluates expressions, and YAML values that hold them, with GitHub's own evaluator.

import { data, ensureStatusFunction, equals, Evaluator, Lexer, Parser, TokenType, truthy } from "./official.mjs";

/** Every context name there is: the parser refuses what it does not know. Where each may be used, loading checked. */
const CONTEXTS = [
    "env",
    "github",
    "inputs",
    "job",
    "jobs",
    "matrix",
    "needs",
    "runner",
    "secrets",
    "steps",
    "strategy",
    "vars",
];

/** What an expression sees: contexts by name as plain values, and functions beside the built-in ones. */
export class Scope {
    constructor(contexts, functions = {}) {
        this.contexts = contexts;
        this.functions = new Map(
            Object.entries(functions).map(([name, call]) => [name.toLowerCase(), definition(name, call)]),
        );
    }

    /** The contexts that these tokens name: of many steps, turning what each left into data takes long. */
    values(tokens) {
        const used = new Set(tokens.map(({ lexeme }) => lexeme.toLowerCase()));
        const value = (key) => toData(used.has(key) ? this.contexts[key] : null);
        return new data.Dictionary(...CONTEXTS.map((key) => ({ key, value: value(key) })));
    }
}

function definition(name, call) {
    return { name, minArgs: 0, maxArgs: 255, call: (...args) => toData(call(...args.map(toPlain))) };
}

export function toData(value) {
    return JSON.parse(JSON.stringify(value ?? null), data.reviver);
}

export function toPlain(value) {
    return JSON.parse(JSON.stringify(value, data.replacer));
}

/** `==` as GitHub understands it: without case, and with coercion. */
export function looselyEqual(left, right) {
    return equals(toData(left), toData(right));
}

/** https://docs.github.com/en/actions/reference/limits; a text with expressions in it counts as one expression. */
const LONGEST_EXPRESSION = 21_000;

/** The published lexer turns only the first `''` of a text into a quote; GitHub turns all of them. */
function lex(expression) {
    if (expression.length > LONGEST_EXPRESSION) throw new Error(`Exceeded max expression length ${LONGEST_EXPRESSION}`);
    const { tokens } = new Lexer(expression).lex();
    const isText = ({ value, lexeme }) => typeof value === "string" && lexeme.startsWith("'");
    return tokens.map((token) =>
        isText(token) ? { ...token, value: token.lexeme.slice(1, -1).replaceAll("''", "'") } : token,
    );
}

function evaluateData(expression, scope) {
    const tokens = lex(expression);
    const tree = new Parser(tokens, CONTEXTS, [...scope.functions.values()]).parse();
    return new Evaluator(tree, scope.values(tokens), scope.functions).evaluate();
}

/** The plain value of a YAML node: its expressions evaluated, mappings as objects. */
export function evaluate(token, scope) {
    switch (token?.templateTokenType) {
        case undefined:
        case TokenType.Null:
            return null;
        case TokenType.BasicExpression:
            return toPlain(evaluateData(token.expression, scope));
        case TokenType.Sequence:
            return [...token].map((item) => evaluate(item, scope));
        case TokenType.Mapping:
            return Object.fromEntries(
                [...token].map(({ key, value }) => [evaluateText(key, scope), evaluate(value, scope)]),
            );
        case TokenType.InsertExpression:
            throw new Error("`${{ insert }}` is not supported by this executor");
        default:
            return token.value;
    }
}

/** The text of a scalar, as GitHub turns numbers and booleans into text; anything that is no scalar is an error. */
export function evaluateText(token, scope) {
    if (token?.templateTokenType === TokenType.BasicExpression) {
        const value = evaluateData(token.expression, scope);
        if (!value.primitive)
            throw new Error(`'${token.expression}' is ${value.coerceString()}, and text was expected`);
        return value.coerceString();
    }
    return text(evaluate(token, scope));
}

export function text(value) {
    if (value !== null && typeof value === "object") throw new Error(`text was expected, not ${JSON.stringify(value)}`);
    return toData(value).coerceString();
}

/** A mapping of texts (`env`, `with`, `outputs`); null for an absent one gives {}. */
export function evaluateTexts(token, scope) {
    if (token?.templateTokenType === TokenType.BasicExpression) {
        const value = evaluate(token, scope) ?? {};
        return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, text(item)]));
    }
    return Object.fromEntries([...(token ?? [])].map(({ key, value }) => [key.value, evaluateText(value, scope)]));
}

/** Whether an `if` holds. Without a function of status in it, GitHub puts `success() &&` before it. */
export function evaluateCondition(token, scope) {
    const isExpression = token?.templateTokenType === TokenType.BasicExpression;
    const written = (isExpression ? token.expression : text(token?.value)).trim();
    return truthy(evaluateData(written ? ensureStatusFunction(written, token.definitionInfo) : "success()", scope));
}
