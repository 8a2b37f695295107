// Conversations and groups with their messages.

import { $, api, clockTime, el, fill, option, say, soon, state, t, visible, words } from "./core.js";

const PAGE = 50; // so many messages come at once
const KEPT = 500; // so many of those that came live stay on the page

const pairKey = (one, other) => JSON.stringify(["pair", one, other]);
const groupKey = (group) => JSON.stringify(["group", group]);
const keyOf = (row) => ("GroupId" in row ? groupKey(row.GroupId) : pairKey(...[row.From_Account, row.To_Account].sort(byCode)));

/** Order as SQLite does: by UTF-8, so by code point. */
function byCode(one, other) {
  const [a, b] = [[...one], [...other]].map((text) => text.map((sign) => sign.codePointAt(0)));
  const at = a.findIndex((code, place) => code !== b[place]);
  return at < 0 ? a.length - b.length : a[at] - (b[at] ?? -1);
}

export async function loadConversations() {
  const find = $("find").value.trim();
  const [pairs, groups] = await Promise.all([api("conversations", { find }), api("groups", { find })]);
  if (find !== $("find").value.trim()) return;
  state.conversations = [
    ...pairs.map((row) => ({
      key: pairKey(row.one, row.other), one: row.one, other: row.other, title: `${row.one} ↔ ${row.other}`,
      count: row.messages, line: lineOf(row),
    })),
    ...groups.map((row) => ({
      key: groupKey(row.GroupId), group: row.GroupId, title: row.Name || row.GroupId, type: row.Type,
      members: row.members, count: row.messages, line: row.GroupId,
    })),
  ];
  renderConversations();
}

export function renderConversations() {
  const one = (entry) => option(
    entry.key, "entry",
    el("span", { className: "title" }, entry.title),
    el("span", { className: "count", title: t("message_count", entry.count) }, String(entry.count)),
    el("span", { className: "line" }, entry.group ? `${entry.line} · ${entry.type} · ${t("members", entry.members)}` : entry.line),
  );
  const part = (name, entries) => (entries.length ? [el("h3", { role: "presentation" }, t(name)), ...entries.map(one)] : []);
  const [pairs, groups] = [state.conversations.filter(({ group }) => !group), state.conversations.filter(({ group }) => group)];
  const nothing = el("p", { className: "hint" }, t($("find").value ? "none_found" : "nothing_yet"));
  fill($("conversations"), state.conversations.length ? [...part("one_to_one", pairs), ...part("groups", groups)] : [nothing], state.open?.key);
}

const conversationsSoon = soon(renderConversations);

export async function openConversation(key) {
  const entry = state.conversations.find((one) => one.key === key);
  if (!entry) return;
  state.open = entry;
  renderConversations();
  await loadMessages();
  $("messages").lastElementChild?.scrollIntoView({ block: "nearest" });
}

export async function loadMessages(before) {
  const entry = state.open;
  if (!entry) return renderMessages();
  const where = entry.group ? { group: entry.group } : { one: entry.one, other: entry.other };
  const path = entry.group ? "groups/messages" : "conversations/messages";
  const asked = [api(path, { ...where, before })];
  if (entry.group && !before) asked.push(api(path, { ...where, kind: "notices" }));
  const [rows, notices = []] = await Promise.all(asked);
  if (state.open !== entry) return;
  state.messages = [...rows, ...notices.map((row) => ({ ...row, notice: true })), ...(before ? state.messages : [])].sort(inOrder);
  $("earlier").hidden = rows.length < PAGE;
  renderMessages();
}

const timeOf = (row) => row.MsgTimeStamp ?? row.Time ?? 0;
export const rowKey = (row) => `${row.notice ? "n" : "m"}${row.number}`;
const inOrder = (a, b) => (Boolean(a.notice) === Boolean(b.notice) ? a.number - b.number : timeOf(a) - timeOf(b) || (a.call ?? 0) - (b.call ?? 0));

/** Whether a message was recalled, however the tables say so. */
const isRecalled = (row) =>
  row.IsPlaceMsg === 1 || Boolean(row.MsgFlagBits & 8) || Object.keys(row).some((name) => /recall|revoke|withdraw/i.test(name) && row[name]);

/** Say in words what an element shows. */
function wordsOf({ MsgType, MsgContent }) {
  const content = MsgContent ?? {};
  const image = content.ImageInfoArray?.[0] ?? {};
  const said = {
    TIMTextElem: () => [content.Text],
    TIMFaceElem: () => [content.Index, content.Data],
    TIMLocationElem: () => [content.Desc, content.Latitude, content.Longitude],
    TIMCustomElem: () => [content.Desc, content.Data],
    TIMSoundElem: () => [content.Second === undefined ? null : t("seconds", content.Second), content.Url],
    TIMImageElem: () => [image.Width ? `${image.Width} × ${image.Height}` : null, image.URL],
    TIMFileElem: () => [content.FileName, content.FileSize === undefined ? null : `${content.FileSize} B`],
    TIMVideoFileElem: () => [content.VideoSecond === undefined ? null : t("seconds", content.VideoSecond), content.VideoUrl],
    TIMRelayElem: () => [content.Title, t("message_count", content.MsgNum ?? 0)],
  }[MsgType];
  const parts = said ? said() : [JSON.stringify(content)];
  return { kind: words[state.language][MsgType] ?? String(MsgType), text: parts.filter((part) => part !== null && part !== undefined).map(visible).join(" · ") };
}

function elementsOf(row) {
  if (row.notice) return [{ kind: t("notice"), text: row.Content }];
  return (Array.isArray(row.MsgBody) ? row.MsgBody : []).filter((element) => element && typeof element === "object").map(wordsOf);
}

function lineOf(row) {
  if (isRecalled(row)) return t("recalled");
  return elementsOf(row).map(({ kind, text }) => (kind === t("TIMTextElem") ? text : `[${kind}] ${text}`)).join(" ");
}

function messageOption(row) {
  const tags = [
    row.online_only ? t("online_only") : "", row.MsgPriority && row.MsgPriority !== "Normal" ? row.MsgPriority : "",
    isRecalled(row) ? t("recalled") : "",
  ].filter(Boolean);
  const to = row.ToMembers_Account?.length ? t("to", row.ToMembers_Account.join(", ")) : t("to_everybody");
  const body = elementsOf(row).map(({ kind, text }) => el("span", { className: "element" }, el("span", { className: "kind" }, kind), " ", text));
  return option(
    rowKey(row), `message${isRecalled(row) ? " recalled" : ""}${row.notice ? " notice" : ""}`,
    el("span", { className: "from" }, row.notice ? to : row.From_Account),
    ...tags.map((tag) => el("span", { className: "tag" }, tag)),
    el("time", { dateTime: new Date(timeOf(row) * 1000).toISOString() }, clockTime(timeOf(row))),
    el("span", { className: "body" }, ...(body.length ? body : [t("empty_body")])),
  );
}

export function renderMessages() {
  $("open-title").textContent = state.open?.title ?? t("conversation");
  $("open-hint").textContent = !state.open ? t("choose") : state.messages.length ? "" : t("no_messages");
  fill($("messages"), state.messages.map(messageOption), null);
}

/** Put a message that just came below the others, and stay at the end if that is where one looks. */
function appendMessage(row) {
  const list = $("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  if (state.messages.push(row) > KEPT) {
    state.messages.shift();
    list.firstElementChild.remove();
    $("earlier").hidden = false;
  }
  const made = messageOption(row);
  made.tabIndex = list.childElementCount ? -1 : 0;
  list.append(made);
  $("open-hint").textContent = "";
  if (atEnd) list.scrollTop = list.scrollHeight;
}

export function onMessage(row) {
  const key = keyOf(row);
  const known = state.conversations.find((entry) => entry.key === key);
  if (!known) listsSoon();
  else if (!row.notice) {
    known.count += 1;
    if (!known.group) known.line = lineOf(row);
    state.conversations = [known, ...state.conversations.filter((entry) => entry !== known)];
    conversationsSoon();
  }
  if (state.open?.key === key && !state.messages.some((other) => rowKey(other) === rowKey(row))) {
    appendMessage(row);
    if (state.tab === "messages") say(t("new_message", row.From_Account ?? t("notice"), lineOf(row)));
  }
}

const listsSoon = soon(loadConversations, 300);
export const everythingSoon = soon(() => Promise.all([loadConversations(), loadMessages()]), 400);
