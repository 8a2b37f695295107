// What is to go wrong, and the data as a whole.

import { $, api, el, say, soon, state, t } from "./core.js";

const FAULTS = { code: ["code", 20004], status: ["http_status", 502], html: null, reset: null, lose_answer: null, cut: null, latency: null };

export async function loadFaults() {
  state.faults = await api("faults");
  renderFaults();
}

export function renderFaults() {
  $("faults-hint").hidden = state.faults.length > 0;
  $("clear-faults").hidden = !state.faults.length;
  $("faults").replaceChildren(...state.faults.map(({ path, times, latency, ...fault }) => {
    const [kind] = [...Object.keys(fault), "latency"];
    const value = FAULTS[kind] ? ` ${fault[kind]}` : "";
    return el("li", {}, el("code", {}, path), ` · ${t("times_left", times)} · ${t(`fault_${kind}`)}${value}`, latency ? ` · ${t("late", latency)}` : "");
  }));
}

export function renderFaultForm() {
  const kind = $("fault-kind").value || "code";
  $("fault-kind").replaceChildren(...Object.keys(FAULTS).map((name) => el("option", { value: name, selected: name === kind }, t(`fault_${name}`))));
  chooseFault(false);
}

export function chooseFault(anew) {
  const value = FAULTS[$("fault-kind").value];
  $("fault-value-field").hidden = !value;
  $("fault-value-label").textContent = value ? t(value[0]) : "";
  if (value && (anew || !$("fault-value").value)) $("fault-value").value = value[1];
}

export async function addFault(event) {
  event.preventDefault();
  const kind = $("fault-kind").value;
  const fault = { path: $("fault-path").value.trim(), times: Number($("fault-times").value), latency: Number($("fault-latency").value) };
  if (kind !== "latency") fault[kind] = FAULTS[kind] ? Number($("fault-value").value) : true;
  const nothing = kind === "latency" && !(fault.latency > 0);
  $("fault-wrong").textContent = nothing ? t("how_late") : "";
  if (nothing) return $("fault-latency").focus();
  try {
    await api("faults", { method: "POST", json: JSON.stringify(fault) });
    say(t("added"));
  } catch (error) {
    $("fault-wrong").textContent = error.message;
  }
  await loadFaults();
}

export async function change(path, options) {
  $("data-wrong").textContent = "";
  try {
    await api(path, options);
    say(t("done"));
  } catch (error) {
    $("data-wrong").textContent = error.message;
  }
}

export const faultsSoon = soon(loadFaults, 200);
