// Diagnostics of Microsoft's own language service, as JSON:
//   node check.cjs SCHEMA FILE…  ->  {FILE: [{line, column, severity, message}]}
"use strict";

const fs = require("node:fs");
const service = require("azure-pipelines-language-service");
const { TextDocument } = require("vscode-languageserver-textdocument");

const SCHEMA = "file:///azure-pipelines.json";
const SEVERITY = { 1: "error", 2: "warning", 3: "information", 4: "hint" };

async function diagnose(file, schema) {
  // A new service and a new address for each file: it keeps what it knows by address.
  const language = service.getLanguageService(async () => JSON.stringify(schema), [], null);
  language.configure({ validate: true, schemas: [{ uri: SCHEMA, fileMatch: ["*"], schema }] });
  const document = TextDocument.create(`file://${file}`, "azure-pipelines", 1, fs.readFileSync(file, "utf8"));
  const found = await language.doValidation(document, service.parse(document.getText()));
  return found.map(({ range, severity, message }) => ({
    line: range.start.line + 1,
    column: range.start.character + 1,
    severity: SEVERITY[severity] ?? "error",
    message: message.length > 300 ? `${message.slice(0, 300)}…` : message,
  }));
}

console.log = () => {}; // the service talks to itself on standard output

async function main([schemaFile, ...files]) {
  const schema = JSON.parse(fs.readFileSync(schemaFile, "utf8"));
  const report = {};
  for (const file of files) report[file] = await diagnose(file, schema);
  process.stdout.write(JSON.stringify(report));
}

main(process.argv.slice(2));
