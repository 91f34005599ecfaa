// The embedded data and how it is read. Texts are only ever set as text, never as markup.
"use strict";

const OUTCOMES = {
  F: { name: "failed", word: "failed", symbol: "✗" },
  E: { name: "errored", word: "errored", symbol: "!" },
  N: { name: "not-proven", word: "not proven", symbol: "?" },
  P: { name: "passed", word: "passed", symbol: "✓" },
  S: { name: "skipped", word: "skipped", symbol: "–" },
};
const RANK = Object.fromEntries(Object.keys(OUTCOMES).map((letter, rank) => [letter, rank]));

const data = embedded("index");
const COUNT = data.names.length;
const runOf = new Uint32Array(COUNT);
const flaky = new Uint8Array(COUNT);
const tries = new Uint16Array(COUNT).fill(1);

data.runs.reduce((row, run, number) => {
  runOf.fill(number, row, row + run[2]);
  return row + run[2];
}, 0);
for (const row of data.flaky) flaky[row] = 1;
for (const [row, number] of data.tries) tries[row] = number;

function embedded(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

const suiteOf = (row) => data.runs[runOf[row]][0];
const pathOf = (row) => data.runs[runOf[row]][1];
const nameOf = (row) => data.names[row];
const idOf = (row) => [suiteOf(row), pathOf(row), nameOf(row)].join("::");
/** The id for people: without the parts that are empty where it begins. */
const shownOf = (row) => idOf(row).replace(/^(::){1,2}(?=.)/, "");
const jobOf = (row) => data.jobs[data.job[row]];
const outcomeOf = (row) => OUTCOMES[data.outcomes[row]];

let openChunk = { number: -1, rows: [] };

// The reason and the attempts of a test; the shapes are those of html_data.py.
function detailOf(row) {
  const number = Math.floor(row / data.chunk);
  if (openChunk.number !== number) openChunk = { number, rows: embedded(`chunk-${number}`) };
  const [reason, attempts] = openChunk.rows[row % data.chunk];
  return { reason, attempts: attempts.map(readAttempt) };
}

function readAttempt(fields) {
  const [letter, duration, cpu, memory, job, worker, number, jobAttempt, started, file, line, cause, ...texts] = fields;
  const [message = "", details = "", stdout = "", stderr = ""] = texts;
  return {
    outcome: OUTCOMES[letter], duration: duration || 0, cpu: cpu || 0, memory: memory || 0, job: job || "",
    worker: worker || "", number: number || 1, jobAttempt: jobAttempt || 1, started: started || 0, file: file || "",
    line: line || 0, cause: cause || "", message, details, stdout, stderr,
  };
}

// The address of a line of a file, as `escape.source_address` tells it: only of files inside the project.
function sourceOf(file, line) {
  if (!data.source || !file || file.startsWith("/") || file.includes("\\") || file.split("/").includes("..")) return "";
  const [whole, fragment = ""] = data.source.split("#", 2);
  const template = line <= 0 && fragment.includes("{line}") ? whole : data.source;
  const path = file.replace(/^\.\//, "").split("/").map(encodeURIComponent).join("/");
  return template.replaceAll("{path}", () => path).replaceAll("{line}", () => Math.max(line, 1));
}

// Tenths of a millisecond as people read them; the same words as wording.py.
function seconds(ticks) {
  const value = ticks / 10000;
  if (value < 0.0005) return value <= 0 ? "0 s" : "<1 ms";
  if (value < 0.9995) return `${Math.round(value * 1000)} ms`;
  if (value < 9.95) return `${value.toFixed(1)} s`;
  const whole = Math.round(value);
  const two = (number) => String(number).padStart(2, "0");
  if (whole < 100) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`;
}

const count = (number) => number.toLocaleString("en-US");
const counted = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

// An element with attributes and children; strings become text.
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
