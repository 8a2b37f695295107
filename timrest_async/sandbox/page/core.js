// What all parts of the page share: its state, its words, and small tools.

export const $ = (id) => document.getElementById(id);
export const words = await (await fetch("/_sandbox/page/words.json")).json();

export const state = {
  language: localStorage.getItem("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en"),
  tab: "messages",
  sdkappid: null,
  applications: [],
  commands: [],
  types: {},
  conversations: [], // those of two accounts, and groups: {key, title, line, count, last, ...}
  open: null,
  messages: [],
  calls: [],
  faults: [],
  webhooks: null, // where they go, which callbacks are on, how many events wait and were dropped
  deliveries: new Map(), // by their numbers
  callbacks: [],
  callback: null,
  command: null,
  body: {},
  chart: "",
  behind: 0, // the sandbox's clock minus ours
  wall: 0, // the time of day minus the sandbox's clock
  python: "",
};

export function t(key, ...values) {
  const text = words[state.language][key] ?? key;
  return values.reduce((made, value, at) => made.replaceAll(`{${at}}`, () => String(value)), text);
}

export function el(tag, properties = {}, ...children) {
  const { dataset, attributes, ...others } = properties;
  const element = Object.assign(document.createElement(tag), others);
  Object.assign(element.dataset, dataset);
  for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

export async function api(path, { method = "GET", json, ...query } = {}) {
  const url = new URL(`/_sandbox/${path}`, location.origin);
  for (const [name, value] of Object.entries({ sdkappid: state.sdkappid, ...query })) {
    if (value !== null && value !== undefined) url.searchParams.set(name, value);
  }
  const headers = json === undefined ? {} : { "Content-Type": "application/json" };
  const response = await fetch(url, { method, headers, body: json === undefined ? undefined : json });
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.error), { status: response.status });
  return answer;
}

/** Return a function that runs *work* a little later, once for all the times it is called until then. */
export function soon(work, milliseconds = 120) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    setTimeout(() => {
      asked = false;
      work();
    }, milliseconds);
  };
}

export function say(text) {
  $("said").textContent = "";
  requestAnimationFrame(() => ($("said").textContent = text));
}

/** Lay JSON out, unless it holds a number that JavaScript would change. */
export function pretty(value) {
  if (typeof value !== "string") return JSON.stringify(value, null, 2);
  try {
    return /\d{16}/.test(value) ? value : JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}

export const clockTime = (seconds) => new Date(seconds * 1000).toLocaleTimeString(state.language === "zh" ? "zh-CN" : "en-GB");

/** Make a list that the arrow keys walk through; Enter, Space or a click chooses. */
export function listbox(list, choose) {
  const options = () => [...list.querySelectorAll("[role=option]")];
  const at = (option) => {
    for (const other of options()) other.tabIndex = other === option ? 0 : -1;
    option.focus();
  };
  list.addEventListener("click", ({ target }) => {
    const option = target.closest("[role=option]");
    if (option) choose(option.dataset.key, at(option));
  });
  list.addEventListener("keydown", (event) => {
    const all = options();
    const now = all.indexOf(document.activeElement);
    const to = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined && all[to]) at(all[to]);
    else if ((event.key === "Enter" || event.key === " ") && now >= 0) choose(all[now].dataset.key);
    else if (to === undefined) return;
    event.preventDefault();
  });
}

/** Put *options* into a list, and keep the focus where it was. */
export function fill(list, options, selected) {
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  list.replaceChildren(...options);
  const all = [...list.querySelectorAll("[role=option]")];
  for (const option of all) option.setAttribute("aria-selected", String(option.dataset.key === selected));
  const first = all.find(({ dataset }) => dataset.key === (focused ?? selected)) ?? all[0];
  for (const option of all) option.tabIndex = option === first ? 0 : -1;
  if (focused !== null) first?.focus({ preventScroll: true });
}

export const option = (key, className, ...children) =>
  el("div", { className, dataset: { key }, attributes: { role: "option" } }, ...children);

export const codeMark = (code) => el("span", { className: code === 0 ? "code good" : code === null ? "code" : "code bad" }, code === null ? t("no_answer") : String(code));
export const verdictMark = ({ code }) => (code === null ? el("span", { className: "code bad" }, t("failed")) : codeMark(code));
export const took = ({ seconds }) => (typeof seconds === "number" ? `${(seconds * 1000).toFixed(1)} ms` : "");

export async function copy(text) {
  await navigator.clipboard.writeText(text);
  say(t("copied"));
}

/** Let a path or a callback break where its words end. */
export const breakable = (path) => path.split(/(?<=[/_.]|[a-z](?=[A-Z]))/).flatMap((part, at) => (at ? [document.createElement("wbr"), part] : [part]));

/** Show control characters by their signs. */
export const visible = (text) => String(text).replace(/[\0-\x08\x0b-\x1f]/g, (sign) => String.fromCharCode(0x2400 + sign.charCodeAt(0)));
