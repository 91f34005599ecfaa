// The workers over time, on a canvas: one lane a worker, one bar an attempt at a test.

const timeline = data.timeline;
const stage = document.getElementById("timeline");
const said = document.getElementById("timeline-said");
const AXIS = 22;
const lanes = laneBounds();
const laneHeight = lanes.length <= 12 ? 26 : lanes.length <= 40 ? 16 : 6;
const last = timeline.start.reduce((end, start, span) => Math.max(end, start + timeline.length[span]), data.wall) || 1;
let canvas = null;
let gutter = 0;
let pointed = -1;

// The first span, the end of the spans and the label of each lane; spans lie sorted by lane and start.
function laneBounds() {
  let from = 0;
  return timeline.lanes.map(([label, spans]) => {
    const lane = { from, to: from + spans, label: short(data.lanes[label]) };
    from += spans;
    return lane;
  });
}

function short(name) {
  return name.length > 36 ? `${name.slice(0, 35)}…` : name;
}

function startTimeline() {
  if (!stage || !lanes.length) return;
  canvas = element("canvas", { tabindex: "0", role: "application", "aria-label": laneSummary() });
  stage.append(canvas);
  canvas.addEventListener("mousemove", (event) => point(spanAt(event.offsetX, event.offsetY)));
  canvas.addEventListener("mouseleave", () => point(-1));
  canvas.addEventListener("click", (event) => openSpan(spanAt(event.offsetX, event.offsetY)));
  canvas.addEventListener("keydown", timelineKey);
  let width = 0; // painting changes the height: only another width is news
  new ResizeObserver(() => {
    if (stage.clientWidth !== width) {
      width = stage.clientWidth;
      paint();
    }
  }).observe(stage);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => paint());
}

function laneSummary() {
  const parts = lanes.slice(0, 20).map((lane) => {
    let busy = 0;
    for (let span = lane.from; span < lane.to; span += 1) busy += timeline.length[span];
    return `${lane.label}: ${counted(lane.to - lane.from, "test")}, busy ${seconds(busy)}`;
  });
  return `Timeline of ${counted(lanes.length, "worker")} over ${seconds(last)}. ${parts.join("; ")}. Arrow keys move, Enter opens.`;
}

function paint() {
  const style = getComputedStyle(document.documentElement);
  const names = ["card", "line", "quiet", "text", ...Object.values(OUTCOMES).map((outcome) => outcome.name)];
  const colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  const width = stage.clientWidth;
  const height = lanes.length * laneHeight + AXIS;
  const ratio = devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.font = `12px ${style.getPropertyValue("--sans")}`;
  gutter = laneHeight < 14 ? 0 : Math.min(280, 12 + Math.max(...lanes.map((lane) => pen.measureText(lane.label).width)));
  paintAxis(pen, width, height, colours);
  lanes.forEach((lane, number) => paintLane(pen, lane, number, width, colours));
  if (pointed >= 0) paintPointed(pen, width, colours);
}

const across = (ticks, width) => gutter + (ticks / last) * (width - gutter - 1);

function paintAxis(pen, width, height, colours) {
  const steps = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 36000, 86400, 864000, 1e8, 1e9];
  const whole = last / 10000;
  const step = whole < 4 ? whole / 4 : steps.find((one) => whole / one <= Math.max(2, (width - gutter) / 90));
  pen.textBaseline = "alphabetic";
  for (let at = 0; at <= whole; at += step) {
    const x = Math.round(across(at * 10000, width)) + 0.5;
    pen.fillStyle = colours.line;
    pen.fillRect(x, 0, 1, height - AXIS + 4);
    pen.fillStyle = colours.quiet;
    pen.textAlign = x > width - 30 ? "right" : "left";
    pen.fillText(seconds(at * 10000), x, height - 5);
  }
}

function paintLane(pen, lane, number, width, colours) {
  const top = number * laneHeight;
  const bar = laneHeight - (laneHeight > 14 ? 6 : 2);
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  pen.fillStyle = colours.text;
  if (gutter) pen.fillText(lane.label, 0, top + laneHeight / 2, gutter - 10);
  for (const quiet of [true, false]) {
    let filled = -1; // quiet bars that share a pixel are drawn once; the others always
    for (let span = lane.from; span < lane.to; span += 1) {
      const letter = timeline.outcomes[span];
      if ((letter === "P" || letter === "S") !== quiet) continue;
      const x = across(timeline.start[span], width);
      const end = across(timeline.start[span] + timeline.length[span], width);
      if (quiet && end <= filled) continue;
      pen.fillStyle = colours[OUTCOMES[letter].name];
      pen.fillRect(x, quiet ? top + 3 : top + 1, Math.max(end - x - (end - x > 3 ? 1 : 0), quiet ? 0.6 : 3), quiet ? bar : bar + 4);
      filled = Math.ceil(end);
      if (!quiet && end - x > 12 && laneHeight > 14) paintSymbol(pen, letter, (x + end) / 2, top + laneHeight / 2, colours);
    }
  }
}

function paintSymbol(pen, letter, x, y, colours) {
  pen.fillStyle = colours.card;
  pen.textAlign = "center";
  pen.fillText(OUTCOMES[letter].symbol, x, y + 1);
}

function paintPointed(pen, width, colours) {
  const number = laneOf(pointed);
  const x = across(timeline.start[pointed], width);
  const end = across(timeline.start[pointed] + timeline.length[pointed], width);
  pen.strokeStyle = colours.text;
  pen.lineWidth = 2;
  pen.strokeRect(x - 1, number * laneHeight + 1, Math.max(end - x, 3) + 1, laneHeight - 2);
}

const laneOf = (span) => lanes.findIndex((lane) => span < lane.to);

function spanAt(x, y) {
  const lane = lanes[Math.floor(y / laneHeight)];
  const width = stage.clientWidth;
  if (!lane || x < gutter) return -1;
  const at = ((x - gutter) / (width - gutter - 1)) * last;
  return nearest(lane, at, (3 / (width - gutter)) * last);
}

// The span of the lane that is at a time or at most `reach` away from it; of several, one that is not quiet.
function nearest(lane, at, reach) {
  let found = -1;
  let best = Infinity;
  for (let span = lane.from; span < lane.to; span += 1) {
    const start = timeline.start[span];
    const away = Math.max(0, start - at, at - start - timeline.length[span]);
    const quiet = "PS".includes(timeline.outcomes[span]) ? reach : 0;
    if (away <= reach && away + quiet < best) [found, best] = [span, away + quiet];
  }
  return found;
}

function point(span) {
  if (span === pointed) return;
  pointed = span;
  const text = span < 0 ? "" : spanText(span);
  canvas.title = text;
  canvas.style.cursor = span < 0 ? "" : "pointer";
  paint();
}

function spanText(span) {
  const row = timeline.row[span];
  const outcome = OUTCOMES[timeline.outcomes[span]];
  return `${outcome.symbol} ${row < 0 ? "a test without a result" : shownOf(row)}\n${outcome.word}, ${seconds(timeline.length[span])}`;
}

function openSpan(span) {
  if (span >= 0 && timeline.row[span] >= 0) goTo(timeline.row[span]);
}

function timelineKey(event) {
  const lane = lanes[Math.max(0, laneOf(Math.max(pointed, 0)))];
  const number = lanes.indexOf(lane);
  const middle = pointed < 0 ? 0 : timeline.start[pointed] + timeline.length[pointed] / 2;
  const moves = {
    ArrowRight: () => Math.min(pointed + 1, lane.to - 1),
    ArrowLeft: () => Math.max(pointed - 1, lane.from),
    Home: () => lane.from,
    End: () => lane.to - 1,
    ArrowDown: () => nearest(lanes[Math.min(number + 1, lanes.length - 1)], middle, last),
    ArrowUp: () => nearest(lanes[Math.max(number - 1, 0)], middle, last),
  };
  if (event.key === "Enter") openSpan(pointed);
  else if (moves[event.key]) {
    point(moves[event.key]());
    said.textContent = spanText(pointed);
  } else return;
  event.preventDefault();
}
