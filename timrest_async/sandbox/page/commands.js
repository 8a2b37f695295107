// Any command, tried: its form, its body as JSON, the answer, and the same in Python.

import { $, api, breakable, codeMark, el, fill, option, pretty, state, t } from "./core.js";

export function renderCommands() {
  const sought = $("search").value.trim().toLowerCase();
  const fits = ({ path, method, summary }) => [path, method, summary].some((text) => text.toLowerCase().includes(sought));
  const found = state.commands.filter(fits);
  const options = found.flatMap((command, at) => [
    ...(command.domain === found[at - 1]?.domain ? [] : [el("h3", { role: "presentation" }, `tim.${command.domain}`)]),
    option(command.path, "entry", el("span", { className: "title" }, ...breakable(command.path)), el("span", { className: "line" }, command.summary)),
  ]);
  $("found").textContent = t("commands_found", found.length, state.commands.length);
  fill($("commands"), options, state.command?.path);
}

export function chooseCommand(path) {
  state.command = state.commands.find((command) => command.path === path) ?? state.commands[0];
  renderCommands();
  startAgain();
}

export function startAgain() {
  state.body = structuredClone(state.command.sample);
  drawNumbers();
  state.python = state.command.python;
  $("answer-box").hidden = true;
  $("optional").open = false;
  renderForm();
}

/** Draw the numbers by which the service tells a message from a repeat. */
function drawNumbers() {
  for (const { wire } of state.command.fields) {
    if (/^(Msg)?Random$/.test(wire)) state.body[wire] = crypto.getRandomValues(new Uint32Array(1))[0];
  }
}

export function renderForm() {
  const { command } = state;
  if (!command) return;
  $("command-title").textContent = command.path;
  $("command-summary").textContent = command.summary;
  $("command-facts").replaceChildren(
    el("code", {}, command.method),
    ...(command.url ? [" · ", el("a", { href: command.url, rel: "noreferrer", target: "_blank" }, t("document", command.document))] : []),
  );
  const [needed, optional] = [command.fields.filter((field) => field.required), command.fields.filter((field) => !field.required)];
  $("fields").replaceChildren(...needed.map(fieldControl));
  $("optional").hidden = !optional.length;
  $("optional-title").textContent = t("optional", optional.length);
  $("optional-fields").replaceChildren(...optional.map(fieldControl));
  $("send").textContent = t("send");
  showBody();
  $("python").textContent = state.python;
}

function kindOf({ type, values }) {
  if (values.length) return "choice";
  return { string: "text", integer: "number", number: "number", boolean: "check" }[type] ?? "json";
}

function fieldControl(field, at) {
  const kind = kindOf(field);
  const id = `field-${field.required ? "r" : "o"}${at}`;
  const control = {
    choice: () => el("select", {}, ...(field.required ? [] : [el("option", { value: "" }, t("left_out"))]), ...field.values.map((value) => el("option", { value: JSON.stringify(value) }, String(value)))),
    text: () => el("input", { type: "text", autocomplete: "off", spellcheck: false }),
    number: () => el("input", { type: "number", step: field.type === "integer" ? "1" : "any" }),
    check: () => el("input", { type: "checkbox" }),
    json: () => el("textarea", { rows: 3, spellcheck: false }),
  }[kind]();
  Object.assign(control, { id, required: field.required });
  Object.assign(control.dataset, { wire: field.wire, kind });
  control.setAttribute("aria-describedby", `${id}-about`);
  control.addEventListener("input", () => readControl(control, field));
  const label = el("label", { htmlFor: id }, el("b", {}, field.wire), " ", el("span", { className: "type" }, field.type), field.required ? el("span", { className: "required" }, ` ${t("required")}`) : "");
  const about = el("p", { id: `${id}-about`, className: "hint" }, field.about);
  return el("div", { className: "field" }, label, control, about, structHelp(field.struct));
}

function structHelp(name) {
  if (!name || !state.types[name]) return "";
  const lines = state.types[name].map((field) =>
    el("li", {}, el("b", {}, field.wire), " ", el("span", { className: "type" }, field.type), field.required ? el("span", { className: "required" }, ` ${t("required")}`) : "", ` ${field.about}`, structHelp(field.struct)));
  return el("details", {}, el("summary", {}, t("fields_of", name.split(".").at(-1))), el("ul", {}, ...lines));
}

/** Take what stands in a control of the form into the body. */
function readControl(control, { wire, required }) {
  const { kind } = control.dataset;
  const text = control.value;
  control.removeAttribute("aria-invalid");
  try {
    if (kind === "check") setField(wire, control.checked || required ? control.checked : undefined);
    else if (kind === "text") setField(wire, text || required ? text : undefined);
    else if (!text.trim()) setField(wire, undefined);
    else setField(wire, kind === "number" ? Number(text) : JSON.parse(text));
  } catch {
    control.setAttribute("aria-invalid", "true");
    return;
  }
  showRaw();
}

function setField(wire, value) {
  if (value === undefined) delete state.body[wire];
  else state.body[wire] = value;
}

/** Show the body in the form and as JSON. */
function showBody() {
  for (const control of document.querySelectorAll("#form [data-wire]")) {
    const value = state.body[control.dataset.wire];
    control.removeAttribute("aria-invalid");
    if (control.dataset.kind === "check") control.checked = value === true;
    else if (value === undefined) control.value = "";
    else if (control.dataset.kind === "text" && typeof value === "string") control.value = value;
    else control.value = JSON.stringify(value, null, control.dataset.kind === "json" ? 2 : 0);
    if (control.dataset.kind === "json") control.rows = Math.min(12, Math.max(2, control.value.split("\n").length));
  }
  showRaw();
}

function showRaw() {
  $("raw").value = JSON.stringify(state.body, null, 2);
  $("raw").rows = Math.min(24, Math.max(6, $("raw").value.split("\n").length + 1));
  complain("");
}

function complain(text) {
  $("raw-wrong").textContent = text;
  $("raw").toggleAttribute("aria-invalid", Boolean(text));
}

export function readRaw() {
  try {
    const body = JSON.parse($("raw").value);
    if (body === null || typeof body !== "object" || Array.isArray(body)) return complain(t("not_object"));
    state.body = body;
  } catch (error) {
    return complain(t("not_json", error.message));
  }
  const { value, selectionStart, selectionEnd } = $("raw");
  showBody();
  $("raw").value = value;
  $("raw").setSelectionRange(selectionStart, selectionEnd);
}

export async function send(event) {
  event.preventDefault();
  if ($("raw-wrong").textContent || $("send").disabled) return $("raw").focus();
  $("send").disabled = true;
  $("send").textContent = t("sending");
  try {
    const json = JSON.stringify({ path: state.command.path, identifier: $("identifier").value || undefined, body: state.body });
    const said = await api("try", { method: "POST", json });
    state.python = said.python;
    showAnswer(said.answer);
    drawNumbers();
    showBody();
  } catch (error) {
    complain(error.message);
  }
  $("send").disabled = false;
  $("send").textContent = t("send");
  $("python").textContent = state.python;
}

function showAnswer(answer) {
  $("answer-box").hidden = false;
  $("answer-code").replaceChildren(t("code"), " ", codeMark(answer.ErrorCode), ` ${answer.ErrorInfo ?? ""}`);
  $("answer").textContent = pretty(answer);
}
