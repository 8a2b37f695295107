// The page of the sandbox. Whatever comes from users is put in as text, never as HTML.

import { addCall, callsSoon, numbered, renderCalls } from "./calls.js";
import { chooseCommand, readRaw, renderCommands, renderForm, send, startAgain } from "./commands.js";
import { $, api, copy, el, listbox, soon, state, t } from "./core.js";
import { closeDetails, showDetails } from "./details.js";
import { addFault, change, chooseFault, faultsSoon, loadFaults, renderFaultForm, renderFaults } from "./faults.js";
import { everythingSoon, loadConversations, loadMessages, onMessage, openConversation, renderConversations, renderMessages, rowKey } from "./messages.js";
import { chooseCallback, fire, loadWebhooks, onDelivery, openDelivery, renderCallbacks, renderWebhooks } from "./webhooks.js";

function translate() {
  document.documentElement.lang = state.language === "zh" ? "zh-CN" : "en";
  document.title = `timrest ${t("sandbox")}`;
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-label]")) element.setAttribute("aria-label", t(element.dataset.tLabel));
  for (const element of document.querySelectorAll("[data-t-placeholder]")) element.placeholder = t(element.dataset.tPlaceholder);
  $("language").textContent = t("other_language");
  $("language").lang = state.language === "zh" ? "en" : "zh-CN";
  showLive($("live").classList.contains("lost"));
  renderConversations();
  renderMessages();
  renderCommands();
  renderForm();
  renderCalls();
  renderFaultForm();
  renderFaults();
  renderWebhooks();
  renderCallbacks();
}

function showLive(lost) {
  $("live").classList.toggle("lost", lost);
  $("live").textContent = t(lost ? "lost" : "live");
}

const TABS = ["messages", "try", "calls", "webhooks", "faults"];
const FORMS = { try: "form", webhooks: "fire-form" }; // which Ctrl+Enter sends

function showTab(name, { focus = false } = {}) {
  state.tab = TABS.includes(name) ? name : "messages";
  if (!$("details").hidden) closeDetails();
  for (const tab of TABS) {
    const [button, chosen] = [$(`tab-${tab}`), tab === state.tab];
    button.setAttribute("aria-selected", String(chosen));
    button.tabIndex = chosen ? 0 : -1;
    $(`panel-${tab}`).hidden = !chosen;
    if (chosen && focus) button.focus();
  }
  history.replaceState(null, "", `#${state.tab}`);
  renderCalls();
  renderWebhooks();
}

function listen() {
  const events = new EventSource(`/_sandbox/events?sdkappid=${state.sdkappid}`);
  const on = (name, act) => events.addEventListener(name, ({ data }) => act(JSON.parse(data)));
  events.onerror = () => showLive(true);
  on("hello", ({ time, now }) => {
    state.behind = time - performance.now() / 1000;
    state.wall = now - time;
    showLive(false);
    state.deliveries.clear(); // a sandbox that was started anew counts anew
    refresh();
  });
  on("call", onCall);
  on("message", onMessage);
  on("notice", (row) => onMessage({ ...row, notice: true }));
  on("delivery", onDelivery);
  on("reset", () => refresh());
}

function onCall(call) {
  addCall(call);
  callsSoon();
  if (state.faults.length) faultsSoon();
  if (call.code === 0 && !/\/(.*_)?(get|query|check|send)/i.test(call.path)) everythingSoon();
}

/** Read everything again: whatever was missed meanwhile is in it. */
async function refresh() {
  const calls = await api("calls", { last: 5000 });
  if (calls.length && state.calls.length && calls.at(-1).number < state.calls.at(-1).number) {
    state.calls.length = 0; // the sandbox was started anew
    numbered.clear();
  }
  calls.forEach(addCall);
  state.calls.sort((a, b) => a.number - b.number);
  await Promise.all([loadConversations(), loadMessages(), loadFaults(), loadWebhooks()]);
  renderCalls();
}

function onKey(event) {
  const typing = event.target.matches("input, textarea, select");
  if (event.key === "Escape" && !$("details").hidden) closeDetails();
  else if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    if (state.tab !== "messages" && state.tab !== "try") showTab("try");
    $(state.tab === "messages" ? "find" : "search").focus();
  } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && FORMS[state.tab]) $(FORMS[state.tab]).requestSubmit();
}

function connectControls() {
  listbox($("conversations"), openConversation);
  listbox($("messages"), (key) => {
    const row = state.messages.find((one) => rowKey(one) === key);
    if (row) showDetails(row.call, row.call ? t("call", row.call) : t("stored"), row);
  });
  listbox($("commands"), (path) => {
    chooseCommand(path);
    $("command-title").focus();
  });
  listbox($("log"), (number) => showDetails(Number(number), t("call", number)));
  listbox($("deliveries"), openDelivery);
  $("callback").addEventListener("change", ({ target }) => chooseCallback(target.value));
  $("event-again").addEventListener("click", () => chooseCallback(state.callback.command));
  $("fire-form").addEventListener("submit", fire);
  $("find").addEventListener("input", soon(loadConversations, 150));
  $("search").addEventListener("input", renderCommands);
  for (const [search, list] of [["find", "conversations"], ["search", "commands"]]) {
    $(search).addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "Enter") return;
      event.preventDefault();
      $(list).querySelector("[role=option]")?.focus();
    });
  }
  $("earlier").addEventListener("click", () => loadMessages(state.messages.find((row) => !row.notice)?.number));
  $("close").addEventListener("click", closeDetails);
  $("form").addEventListener("submit", send);
  $("raw").addEventListener("input", readRaw);
  $("again").addEventListener("click", startAgain);
  document.querySelector("[data-copies]").addEventListener("click", () => copy(state.python));
  $("rates").addEventListener("click", ({ target }) => {
    const { path } = target.dataset;
    if (path === undefined) return;
    state.chart = state.chart === path ? "" : path;
    renderCalls();
  });
  $("fault-kind").addEventListener("change", () => chooseFault(true));
  $("fault-form").addEventListener("submit", addFault);
  $("clear-faults").addEventListener("click", () => change("faults", { method: "DELETE" }).then(loadFaults));
  $("import").addEventListener("click", () => $("import-file").click());
  $("import-file").addEventListener("change", async ({ target }) => {
    if (target.files[0]) await change("state", { method: "PUT", json: await target.files[0].text() });
    target.value = "";
  });
  $("forget").addEventListener("click", () => confirm(t("forget_sure")) && change("state", { method: "DELETE" }));
  $("language").addEventListener("click", () => {
    state.language = state.language === "zh" ? "en" : "zh";
    localStorage.setItem("language", state.language);
    translate();
  });
  $("application").addEventListener("change", ({ target }) => location.assign(`/?sdkappid=${target.value}${location.hash}`));
  $("tabs").addEventListener("click", ({ target }) => target.id && target.id !== "tabs" && showTab(target.id.replace("tab-", "")));
  $("tabs").addEventListener("keydown", ({ key }) => {
    const to = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (to) showTab(TABS.at((TABS.indexOf(state.tab) + to) % TABS.length), { focus: true });
  });
  addEventListener("keydown", onKey);
  addEventListener("hashchange", () => showTab(location.hash.slice(1)));
}

async function start() {
  translate();
  state.applications = await (await fetch("/_sandbox/applications")).json();
  const wanted = Number(new URLSearchParams(location.search).get("sdkappid"));
  const application = state.applications.find(({ sdkappid }) => sdkappid === wanted) ?? state.applications[0];
  state.sdkappid = application.sdkappid;
  $("application-label").hidden = state.applications.length < 2;
  $("application").replaceChildren(...state.applications.map(({ sdkappid }) => el("option", { value: sdkappid, selected: sdkappid === state.sdkappid }, String(sdkappid))));
  $("export").href = `/_sandbox/state?sdkappid=${state.sdkappid}`;
  $("identifier").value = application.admins[0];
  $("admins").replaceChildren(...application.admins.map((value) => el("option", { value })));
  connectControls();
  showTab(location.hash.slice(1));
  listen();
  setInterval(callsSoon, 1000);
  const { commands, types, callbacks } = await api("commands");
  Object.assign(state, { commands, types, callbacks });
  $("paths").replaceChildren(el("option", { value: "*" }), ...commands.map(({ path }) => el("option", { value: path })));
  chooseCommand("openim/sendmsg");
  chooseCallback("C2C.CallbackAfterSendMsg");
  renderWebhooks();
}

await start();
document.body.dataset.ready = "true";
