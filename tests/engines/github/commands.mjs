// What a step tells the runner: commands in its output (`::error …::…`) and lines in files (GITHUB_OUTPUT, …).
// After actions/runner: Runner.Common/ActionCommand.cs, Runner.Worker/ActionCommandManager.cs, FileCommandManager.cs.

const LEVELS = new Set(["error", "warning", "notice"]);
const DISABLED = new Set(["set-env", "add-path"]);
const KNOWN = new Set([
    ...LEVELS,
    ...DISABLED,
    "add-mask",
    "add-matcher",
    "debug",
    "echo",
    "endgroup",
    "group",
    "internal-set-repo-path",
    "remove-matcher",
    "save-state",
    "set-output",
    "stop-commands",
]);

// In this order, `%` last, as the runner does it.
const DATA_ESCAPES = [
    ["%0D", "\r"],
    ["%0A", "\n"],
    ["%25", "%"],
];
const PROPERTY_ESCAPES = [
    ["%0D", "\r"],
    ["%0A", "\n"],
    ["%3A", ":"],
    ["%2C", ","],
    ["%25", "%"],
];
const OLD_ESCAPES = [
    ["%3B", ";"],
    ["%0D", "\r"],
    ["%0A", "\n"],
    ["%5D", "]"],
    ["%25", "%"],
];

const unescape = (value, escapes) => escapes.reduce((all, [token, plain]) => all.replaceAll(token, plain), value);

/** `{ command, properties, data }` of a line that is a command, in the present or in the old form; else undefined. */
export function parseCommand(line, extra) {
    const known = (name) => KNOWN.has(name.toLowerCase()) || name === extra;
    return parsePresent(line.trimStart(), known) ?? parseOld(line, known);
}

function parsePresent(line, known) {
    if (!line.startsWith("::")) return undefined;
    const end = line.indexOf("::", 2);
    if (end < 0) return undefined;
    return assemble(line.slice(2, end), line.slice(end + 2), {
        known,
        separator: ",",
        escapes: PROPERTY_ESCAPES,
        dataEscapes: DATA_ESCAPES,
    });
}

/** The old form counts anywhere in a line, so a printed name can hold one. */
function parseOld(line, known) {
    const start = line.indexOf("##[");
    const end = line.indexOf("]", start);
    if (start < 0 || end < 0) return undefined;
    return assemble(line.slice(start + 3, end), line.slice(end + 1), {
        known,
        separator: ";",
        escapes: OLD_ESCAPES,
        dataEscapes: OLD_ESCAPES,
    });
}

function assemble(info, data, { known, separator, escapes, dataEscapes }) {
    const space = info.indexOf(" ");
    const command = space < 0 ? info : info.slice(0, space);
    if (!known(command)) return undefined;
    const pairs =
        space < 0
            ? []
            : info
                  .slice(space + 1)
                  .trim()
                  .split(separator)
                  .map((pair) => pair.split(/=(.*)/s));
    const properties = Object.fromEntries(
        pairs
            .filter(([key, value]) => key && value)
            .map(([key, value]) => [key.toLowerCase(), unescape(value, escapes)]),
    );
    return { command: command.toLowerCase(), properties, data: unescape(data, dataEscapes) };
}

/** Obeys the commands in one step's output, line by line. `step` is a Step of steps.mjs. */
export class OutputReader {
    constructor(step) {
        this.step = step;
        this.stopToken = undefined;
    }

    read(line) {
        const found = parseCommand(line, this.stopToken);
        this.step.log(line);
        if (found === undefined) return;
        if (this.stopToken !== undefined) {
            if (found.command === this.stopToken.toLowerCase()) this.stopToken = undefined;
            return;
        }
        this.obey(found);
    }

    obey({ command, properties, data }) {
        if (LEVELS.has(command)) this.step.annotate(command, data, properties);
        else if (command === "add-mask") this.step.job.mask(data);
        else if (command === "stop-commands") this.stopToken = data;
        else if (command === "set-output") this.step.outputs[properties.name] = data;
        else if (DISABLED.has(command)) {
            this.step.annotate(
                "error",
                `The \`${command}\` command is disabled. Please upgrade to using Environment Files.`,
            );
            this.step.failed = true;
        }
    }
}

/** Pairs of a file of `NAME=VALUE` lines and `NAME<<DELIMITER` blocks; throws as the runner does on anything else. */
export function parsePairs(content) {
    const lines = content.split("\n");
    if (lines.at(-1) === "") lines.pop();
    const pairs = [];
    for (let index = 0; index < lines.length; index++) {
        const line = lines[index];
        if (line === "") continue;
        const equals = line.indexOf("=");
        const heredoc = line.indexOf("<<");
        if (equals >= 0 && (heredoc < 0 || equals < heredoc))
            pairs.push([line.slice(0, equals), line.slice(equals + 1)]);
        else if (heredoc > 0 && heredoc + 2 < line.length) {
            const delimiter = line.slice(heredoc + 2);
            const end = lines.findIndex((other, at) => at > index && other === delimiter);
            if (end < 0) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`);
            pairs.push([line.slice(0, heredoc), lines.slice(index + 1, end).join("\n")]);
            index = end;
        } else throw new Error(`Invalid format '${line}'`);
    }
    return pairs;
}
