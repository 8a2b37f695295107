// What was called, how often, and how that compares with the cap.

import { $, breakable, clockTime, codeMark, el, fill, option, soon, state, t, took } from "./core.js";

const KEPT = 20_000; // calls that the page remembers
const SHOWN = 300; // calls in the log
const MINUTE = 60;

export const numbered = new Map();

export function addCall(call) {
  const known = numbered.get(call.number);
  if (known) return Object.assign(known, call);
  numbered.set(call.number, call);
  state.calls.push(call);
  if (state.calls.length > KEPT) numbered.delete(state.calls.shift().number);
}

const capOf = (path) => {
  const usual = state.applications.find(({ sdkappid }) => sdkappid === state.sdkappid)?.calls_per_second;
  const limit = state.commands.find((command) => command.path === path)?.limit;
  if (usual === null || usual === undefined) return null;
  return limit ? { calls: Math.min(limit.calls, usual), per: limit.per } : { calls: usual, per: 1 };
};

const capWords = (cap) => (cap === null ? t("no_cap") : cap.per === 1 ? t("per_second", cap.calls) : t("per_seconds", cap.calls, cap.per));

/** Count what was called in the last minute, command by command, with the most that any second saw. */
function ratesOf(calls) {
  const times = new Map();
  for (const { path, time } of calls) {
    if (!times.has(path)) times.set(path, []);
    times.get(path).push(time);
  }
  return [...times].map(([path, all]) => ({ path, count: all.length, worst: worstSecond(all) })).sort((a, b) => b.worst - a.worst || b.count - a.count);
}

/** Return the most calls that fell into any half-open second, wherever it begins. */
function worstSecond(times) {
  let [worst, from] = [0, 0];
  times.forEach((time, at) => {
    while (time - times[from] >= 1) from += 1;
    worst = Math.max(worst, at - from + 1);
  });
  return worst;
}

export function renderCalls() {
  if (state.tab !== "calls") return;
  const now = performance.now() / 1000 + state.behind;
  const recent = state.calls.filter(({ time }) => time > now - MINUTE);
  const rates = ratesOf(recent);
  if (state.chart && !rates.some(({ path }) => path === state.chart)) state.chart = "";
  renderRates(rates);
  renderChart(recent.filter(({ path }) => !state.chart || path === state.chart), rates, now);
  $("log-hint").hidden = state.calls.length > 0;
  fill($("log"), state.calls.slice(-SHOWN).reverse().map((call) => option(
    String(call.number), "entry call",
    el("span", { className: "number" }, `#${call.number}`), el("span", { className: "title" }, ...breakable(call.path)), codeMark(call.code),
    el("span", { className: "line" }, [clockTime(call.time + state.wall), took(call)].filter(Boolean).join(" · ")),
  )), null);
}

function renderRates(rates) {
  const focused = $("rates").contains(document.activeElement) ? document.activeElement.dataset.path : null;
  $("rates").replaceChildren(...rates.map(({ path, count, worst }) => {
    const cap = capOf(path);
    const over = cap !== null && cap.per === 1 && worst > cap.calls;
    const choose = el("button", { type: "button", className: "quiet", dataset: { path }, attributes: { "aria-pressed": String(path === state.chart) } }, path);
    return el("tr", {}, el("td", {}, choose), ...[count, worst, capWords(cap)].map((cell, at) => el("td", { className: `number${at === 1 && over ? " over" : ""}` }, String(cell))));
  }));
  if (focused !== null) $("rates").querySelector(`[data-path="${CSS.escape(focused)}"]`)?.focus();
}

function renderChart(calls, rates, now) {
  $("chart-title").textContent = state.chart ? t("chart_of", state.chart) : t("chart_all");
  const busiest = rates.find(({ path }) => !state.chart || path === state.chart);
  const refused = calls.filter(({ code }) => code !== 0 && code !== null).length;
  const cap = capOf(busiest?.path);
  $("chart-words").textContent = busiest ? t("chart_words", calls.length, refused, busiest.worst, busiest.path, capWords(cap)) : t("chart_none");

  const [left, top, width, height] = [40, 14, 590, 112];
  const bars = Array.from({ length: MINUTE }, () => ({ good: 0, bad: 0 }));
  for (const { time, code } of calls) {
    const bar = bars[MINUTE - 1 - Math.floor(Math.floor(now) - Math.floor(time))];
    if (bar) bar[code === 0 ? "good" : "bad"] += 1;
  }
  const line = cap && cap.per === 1 ? cap.calls : null;
  const most = Math.max(5, ...bars.map(({ good, bad }) => good + bad), line ?? 0) * 1.08;
  const y = (count) => top + height - (count / most) * height;
  const step = width / MINUTE;
  const parts = [svg("line", { x1: left, x2: left + width, y1: y(0), y2: y(0), class: "axis" })];
  bars.forEach(({ good, bad }, at) => {
    const x = left + at * step + 1;
    if (good) parts.push(svg("rect", { x, y: y(good), width: step - 2, height: y(0) - y(good), class: "bar" }));
    if (bad) parts.push(svg("rect", { x, y: y(good + bad), width: step - 2, height: y(good) - y(good + bad), class: "bar bad" }));
  });
  const label = (text, x, at, anchor) => svg("text", { x, y: at, "text-anchor": anchor }, text);
  if (line !== null) parts.push(svg("line", { x1: left, x2: left + width, y1: y(line), y2: y(line), class: "cap" }), label(`${line}`, left - 6, y(line) + 4, "end"));
  parts.push(label("0", left - 6, y(0) + 4, "end"));
  for (const ago of [60, 45, 30, 15, 0]) parts.push(label(ago ? `−${ago} s` : "0 s", left + width - (ago / MINUTE) * width, top + height + 18, ago === 60 ? "start" : ago ? "middle" : "end"));
  $("chart").replaceChildren(...parts);
}

function svg(tag, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

export const callsSoon = soon(renderCalls, 250);
