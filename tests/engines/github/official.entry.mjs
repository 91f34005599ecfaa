// What we take from GitHub's own packages; bundle.mjs makes one file of it.

export { data, Evaluator, Lexer, Parser } from "@actions/expressions";
export { equals, truthy } from "@actions/expressions/result";
export { create as createGlobber, hashFiles } from "@actions/glob";
export { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";
export { parseAction } from "@actions/workflow-parser/actions/action-parser";
export { ErrorPolicy } from "@actions/workflow-parser/model/convert";
export { ensureStatusFunction } from "@actions/workflow-parser/model/converter/if-condition";
export { TokenType } from "@actions/workflow-parser/templates/tokens/types";
export { validate } from "@actions/languageservice";
export { Minimatch } from "minimatch"; // as actions/download-artifact matches names
export { TextDocument } from "vscode-languageserver-textdocument";
export { parseDocument, visit } from "yaml"; // what GitHub's parser reads YAML with
