// The webhooks of the application: each delivery with what came of it, and any callback, fired by hand.

import { $, api, breakable, clockTime, el, fill, option, pretty, soon, state, t, took, verdictMark } from "./core.js";
import { showDelivery, wordsOf } from "./details.js";

const KEPT = 500; // deliveries that the page remembers
const SHOWN = 300; // deliveries in the list

export async function loadWebhooks(last) {
  const { deliveries, ...hooks } = await api("webhooks", { last });
  const switched = String(hooks.on) !== String(state.webhooks?.on);
  state.webhooks = hooks;
  deliveries.forEach(keep);
  renderWebhooks();
  if (switched) renderCallbacks(); // which would close the list that somebody chooses from
}

function keep(delivery) {
  state.deliveries.set(delivery.number, delivery);
  if (state.deliveries.size > KEPT) state.deliveries.delete(Math.min(...state.deliveries.keys()));
}

export function onDelivery(delivery) {
  keep(delivery);
  webhooksSoon();
}

export function renderWebhooks() {
  if (state.tab !== "webhooks" || !state.webhooks) return;
  const { address, on, waiting, dropped } = state.webhooks;
  $("no-webhooks").hidden = address !== null;
  $("fire-form").hidden = $("delivered").hidden = address === null;
  const facts = [t("callbacks_on", on.length, state.callbacks.length), t("events_waiting", waiting), dropped ? t("events_dropped", dropped) : ""];
  $("webhooks-facts").replaceChildren(el("code", {}, address ?? ""), ` · ${facts.filter(Boolean).join(" · ")}`);
  $("deliveries-hint").hidden = state.deliveries.size > 0;
  const latest = [...state.deliveries.values()].sort((a, b) => b.number - a.number).slice(0, SHOWN);
  fill($("deliveries"), latest.map((delivery) => option(
    String(delivery.number), "entry call",
    el("span", { className: "number" }, `#${delivery.number}`), el("span", { className: "title" }, ...breakable(delivery.command)), verdictMark(delivery),
    el("span", { className: "line" }, [clockTime(delivery.time), took(delivery), ...wordsOf(delivery)].join(" · ")),
  )), null);
}


export function openDelivery(number) {
  const delivery = state.deliveries.get(Number(number));
  if (delivery) showDelivery(delivery);
}

// -- any callback, fired by hand

export function renderCallbacks() {
  const { callback, callbacks, webhooks } = state;
  if (!callback) return;
  const familyOf = ({ command }) => command.split(".")[0];
  const one = ({ command }) => el("option", { value: command, selected: command === callback.command }, webhooks && !webhooks.on.includes(command) ? t("switched_off", command) : command);
  const families = [...new Set(callbacks.map(familyOf))];
  $("callback").replaceChildren(...families.map((name) => el("optgroup", { label: name }, ...callbacks.filter((each) => familyOf(each) === name).map(one))));
  $("callback-about").replaceChildren(
    callback.summary, " ", t(`kind_${callback.kind}`),
    ...(callback.url ? [" · ", el("a", { href: callback.url, rel: "noreferrer", target: "_blank" }, t("document", callback.document))] : []),
  );
}

export function chooseCallback(command) {
  state.callback = state.callbacks.find((callback) => callback.command === command) ?? state.callbacks[0];
  const body = drawn(state.callback.sample);
  $("event").value = JSON.stringify(body, null, 2);
  $("event").rows = Math.min(20, Math.max(6, $("event").value.split("\n").length + 1));
  $("fired").hidden = true;
  complain("");
  renderCallbacks();
}

/** Draw the numbers and times by which an application tells an event from a repeat. */
function drawn(sample) {
  const body = { ...sample };
  const number = () => crypto.getRandomValues(new Uint32Array(1))[0];
  const now = Math.floor(performance.now() / 1000 + state.behind + state.wall);
  for (const [name, value] of Object.entries(body)) {
    if (/^(Msg)?(Seq|Random)$/.test(name)) body[name] = number();
    if (/Time(Stamp)?$/.test(name) && typeof value === "number") body[name] = now;
  }
  if ("MsgKey" in body) body.MsgKey = [body.MsgSeq ?? number(), body.MsgRandom ?? number(), now].join("_");
  return body;
}

function complain(text) {
  $("event-wrong").textContent = text;
  $("event").toggleAttribute("aria-invalid", Boolean(text));
}

function bodyOf(text) {
  let body;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new Error(t("not_json", error.message));
  }
  if (body === null || typeof body !== "object" || Array.isArray(body)) throw new Error(t("not_object"));
  return body;
}

export async function fire(event) {
  event.preventDefault();
  if ($("fire").disabled) return;
  complain("");
  $("fire").disabled = true;
  try {
    const json = JSON.stringify({ ...bodyOf($("event").value), CallbackCommand: state.callback.command });
    showFired(await api("webhooks", { method: "POST", json }));
  } catch (error) {
    complain(error.message);
  }
  $("fire").disabled = false;
}

function showFired(delivery) {
  $("fired").hidden = false;
  $("fired-code").replaceChildren(verdictMark(delivery), ` ${[took(delivery), ...wordsOf(delivery)].join(" · ")}`);
  $("fired-answer").hidden = delivery.answer === null;
  $("fired-answer").textContent = pretty(delivery.answer);
}

export const webhooksSoon = soon(() => loadWebhooks(0), 250);
