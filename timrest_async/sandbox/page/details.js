// What was said in one call or delivery, beside whatever else is shown.

import { $, api, clockTime, codeMark, copy, el, pretty, state, t, took, verdictMark } from "./core.js";

let cameFrom = null;

export async function showDetails(number, title, row) {
  const from = document.activeElement;
  const parts = [];
  let facts = [];
  let hint = "";
  state.python = "";
  try {
    if (!number) throw new Error("no_call");
    const said = await api(`calls/${number}`);
    facts = factsOf(said);
    parts.push(["request", pretty(said.body)], ["answer", pretty(said.answer)]);
    if (said.python) parts.push(["python", said.python]);
  } catch (error) {
    hint = t(error.message === "no_call" ? "no_call" : "forgotten");
  }
  if (row) parts.push(["stored", pretty(row)]);
  show(from, title, facts, hint, parts);
}

/** Return what there is to say of a delivery, beside its code. */
export const wordsOf = ({ failure, info, unheeded }) => [failure || info, ...unheeded].filter(Boolean);

export function showDelivery(delivery) {
  const facts = [el("code", {}, delivery.command), " ", verdictMark(delivery), " ", [clockTime(delivery.time), took(delivery)].join(" · ")];
  const parts = [["posted", pretty(delivery.body)]];
  if (delivery.answer !== null) parts.push(["answer", pretty(delivery.answer)]);
  show(document.activeElement, t("delivery", delivery.number), facts, wordsOf(delivery).join(" · "), parts);
}

function show(from, title, facts, hint, parts) {
  cameFrom = from;
  $("details-title").textContent = title;
  $("details-facts").replaceChildren(...facts);
  $("details-hint").textContent = hint;
  $("details-parts").replaceChildren(...parts.flatMap(([name, text]) => [
    el("h3", {}, t(name), " ", el("button", { type: "button", className: "quiet copy", onclick: () => copy(text) }, t("copy"))),
    el("pre", { tabIndex: 0, attributes: { "aria-label": t(name) } }, text),
  ]));
  $("details").hidden = false;
  $("details-title").focus();
}

const factsOf = (call) => [
  el("code", {}, call.path), " ", codeMark(call.code), " ",
  [call.identifier ? t("by", call.identifier) : "", clockTime(call.time + state.wall), took(call)].filter(Boolean).join(" · "),
];

export function closeDetails() {
  $("details").hidden = true;
  if (cameFrom?.isConnected) cameFrom.focus();
}
