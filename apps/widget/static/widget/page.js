// What every part of the page stands on: its texts and pieces, the conversation's token, requests and streams.

// ---- texts come from the page's data block, pieces from its templates

export const $ = (id) => document.getElementById(id);
export const root = document.documentElement;
export const main = document.querySelector("main");

const texts = JSON.parse($("texts").textContent);

export const say = (text, value = "") => texts[text].replace("%s", value);
export const piece = (id) => $(id).content.firstElementChild.cloneNode(true);

export function announce(text) {
  $("announcer").textContent = "";
  // A live region speaks of a change, so the same text twice needs a gap.
  setTimeout(() => { $("announcer").textContent = text; }, 60);
}

// Counts down on a button until it may be used again.
export function countDown(button, seconds, label) {
  const words = button.querySelector("span");
  button.disabled = seconds > 0;
  words.textContent = seconds > 0 ? say("againIn", seconds) : label;
  if (seconds > 0) setTimeout(countDown, 1000, button, seconds - 1, label);
}

const api = main.dataset.api;
// What the server refuses is told in the visitor's language where it is known what it means.
const REFUSALS = {
  too_many_requests: "tooMany",
  daily_limit_reached: "tooManyToday",
  too_many_open_answers: "busy",
  answer_broken_off: "broken",
};

export class Trouble extends Error {
  constructor(message, { status = 0, retryAfter = 0, gentle = false, offline = false, isLast = false, errors = [] } = {}) {
    super(message);
    Object.assign(this, { status, retryAfter, gentle, offline, isLast, errors });
  }
}

// ---- the conversation's token: survives a refresh, ends with the tab

const tokenKey = `tacit:${api}`;
const cookieName = tokenKey.replace(/\W/g, "-");
export let token = remembered();

function remembered() {
  try { return sessionStorage.getItem(tokenKey); } catch { return inCookie(); }
}

export function remember(value) {
  token = value;
  try {
    if (value) sessionStorage.setItem(tokenKey, value);
    else sessionStorage.removeItem(tokenKey);
  } catch { putInCookie(value); }
}

// Browsers that close their storage to frames on other sites leave them a cookie that is kept apart for each site.
// It is for this page alone: nothing on the server reads it. Where that is closed too, a refresh begins anew.
function inCookie() {
  return document.cookie.split("; ").find((cookie) => cookie.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1) ?? null;
}

function putInCookie(value) {
  const life = value ? "" : "; Max-Age=0";
  document.cookie = `${cookieName}=${value ?? ""}; Path=${location.pathname}; Secure; SameSite=None; Partitioned${life}`;
}

// ---- requests

export async function request(path, { method, body, signal, accept = "application/json", bearer = token, headers = {}, keepalive = false } = {}) {
  const sent = { Accept: accept, ...headers };
  if (bearer) sent.Authorization = `Bearer ${bearer}`;
  if (body) sent["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(api + path, {
      method: method ?? (body ? "POST" : "GET"), headers: sent, signal, keepalive, body: body && JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Trouble(say(navigator.onLine ? "unreachable" : "offline"), { offline: !navigator.onLine });
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

async function refusal(response) {
  const problem = await response.json().catch(() => ({}));
  const { status } = response;
  const retryAfter = status === 429 || status === 503 ? seconds(response.headers.get("Retry-After")) : 0;
  return new Trouble(wordsFor(problem), { status, retryAfter, errors: problem.errors });
}

export function wordsFor({ code, detail }) {
  if (REFUSALS[code]) return say(REFUSALS[code]);
  return root.lang === "en" && detail ? detail : say("unexpected");
}

function seconds(header) {
  if (!header) return 0;
  const wait = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Math.min(Math.max(Math.ceil(wait) || 0, 0), 3600);
}

// ---- what an answer needs

// A token that the server no longer knows is dropped, and the question starts a new conversation.
export async function send(message, signal) {
  const post = () => request("/messages", {
    signal, accept: "text/event-stream", bearer: null, body: token ? { message, conversation_token: token } : { message },
  });
  try {
    return await post();
  } catch (error) {
    if (!token || ![401, 404].includes(error.status)) throw error;
    remember(null);
    return post();
  }
}

// Goes on in an answer after the last event that came; from its beginning when none did.
export function readOn({ id, lastEvent }, signal) {
  const headers = lastEvent ? { "Last-Event-ID": lastEvent } : {};
  return request(`/messages/${id}/stream`, { signal, accept: "text/event-stream", headers });
}

// Stops the model, also while the page is being left; gives the answer as it was kept.
export async function stopAnswer({ id, token: bearer }) {
  return (await request(`/messages/${id}/stop`, { method: "POST", bearer, keepalive: true })).json();
}

// The events of a server-sent stream, read by hand because EventSource can neither POST nor carry a token.
export async function* eventsOf(response, onBytes) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    onBytes();
    buffer = (buffer + value).replaceAll("\r\n", "\n");
    const blocks = buffer.split("\n\n");
    buffer = blocks.pop();
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event) yield event;
    }
  }
}

function parseEvent(block) {
  const event = { name: "message", id: "" };
  const data = [];
  for (const line of block.split("\n")) {
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (field === "event") event.name = value;
    if (field === "id") event.id = value;
    if (field === "data") data.push(value);
  }
  return data.length ? { ...event, data: JSON.parse(data.join("\n")) } : null;
}
