// The share page: asks, shows the answer while it streams, and proves it with its sources.
// Text from the server is set as text; only `html` of a finished answer, which the server has sanitised, is parsed.

const $ = (id) => document.getElementById(id);
const main = document.querySelector("main");
const conversation = $("conversation");
const composer = $("composer");
const question = $("question");
const card = $("card");
const api = main.dataset.api;
const longest = Number(main.dataset.longest);

const SLOW_AFTER = 8_000; // ms without any text: say so
const GIVE_UP_AFTER = 90_000; // ms without any byte, keep-alives included: stop waiting
const COUNT_FROM = 400; // characters left when the counter appears
const MARKER = /\[(\d{1,3})\]/g; // [1] in streamed text
const UNFINISHED = /\[\d{0,3}$/; // a marker of which only a part has come
const MARKUP = /\*\*|^#{1,6} /gm; // signs that the finished HTML turns into looks
const calmMotion = matchMedia("(prefers-reduced-motion: reduce)");
const narrow = matchMedia("(max-width: 39.99rem)");
const coarse = matchMedia("(pointer: coarse)");

const answers = new WeakMap(); // by their elements
let asking = null; // the AbortController of the answer that is on its way

// ---- words and pieces, from the page's templates

const words = new Map(
  [...$("words").content.querySelectorAll("[data-word]")].map((p) => [p.dataset.word, p.textContent]),
);
const say = (word, value = "") => words.get(word).replace("%s", value);
const piece = (id) => $(id).content.firstElementChild.cloneNode(true);

function announce(text) {
  $("announcer").textContent = "";
  // A live region speaks of a change, so the same text twice needs a gap.
  setTimeout(() => { $("announcer").textContent = text; }, 60);
}

// ---- the conversation token: survives a refresh, ends with the tab

const tokenKey = `tacit:${api}`;
let token = remembered();

function remembered() {
  try { return sessionStorage.getItem(tokenKey); } catch { return null; }
}

function remember(value) {
  token = value;
  try {
    if (value) sessionStorage.setItem(tokenKey, value);
    else sessionStorage.removeItem(tokenKey);
  } catch { /* storage is blocked: the conversation lasts until the page is left */ }
}

// ---- talking to the server

class Trouble extends Error {
  constructor(message, { status = 0, retryAfter = 0, gentle = false } = {}) {
    super(message);
    Object.assign(this, { status, retryAfter, gentle });
  }
}

async function request(path, { body, signal, accept = "application/json", bearer = token } = {}) {
  const headers = { Accept: accept };
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  if (body) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(api + path, {
      method: body ? "POST" : "GET", headers, signal, body: body && JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Trouble(say(navigator.onLine ? "unreachable" : "offline"));
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

async function refusal(response) {
  const problem = await response.json().catch(() => ({}));
  const retryAfter = response.status === 429 || response.status === 503 ? seconds(response.headers.get("Retry-After")) : 0;
  return new Trouble(problem.detail || say("unexpected"), { status: response.status, retryAfter });
}

function seconds(header) {
  if (!header) return 0;
  const wait = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Math.min(Math.max(Math.ceil(wait) || 0, 0), 3600);
}

// The events of a server-sent stream, read by hand because EventSource can't POST.
async function* eventsOf(response, onBytes) {
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
  let name = "message";
  const data = [];
  for (const line of block.split("\n")) {
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (field === "event") name = value;
    if (field === "data") data.push(value);
  }
  return data.length ? { name, data: JSON.parse(data.join("\n")) } : null;
}

// A token that the server no longer knows is dropped, and the question starts a new conversation.
async function send(message, signal) {
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

// ---- one turn: a question and its answer

async function ask(message, turn = addTurn(message)) {
  const controller = (asking = new AbortController());
  showBusy(true);
  bringUp(turn);
  const answer = startAnswer(turn, message);
  const watch = watchSilence(answer, controller);
  try {
    const response = await send(message, controller.signal);
    for await (const event of eventsOf(response, watch.heard)) take(answer, event);
    if (!answer.done) throw new Trouble(say("broken"));
  } catch (error) {
    fail(answer, troubleOf(error, controller.signal));
  } finally {
    watch.end();
    if (asking === controller) showBusy((asking = null));
  }
}

function troubleOf(error, signal) {
  if (signal.aborted) return new Trouble(say(signal.reason), { gentle: signal.reason === "stopped" });
  return error instanceof Trouble ? error : new Trouble(say("broken"));
}

function watchSilence(answer, controller) {
  const slow = setTimeout(() => {
    if (answer.text) return;
    answer.element.querySelector(".waiting-words").textContent = say("slow");
    announce(say("slow"));
  }, SLOW_AFTER);
  let silence;
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => controller.abort("silent"), GIVE_UP_AFTER);
  };
  heard();
  return { heard, end: () => { clearTimeout(slow); clearTimeout(silence); } };
}

function take(answer, { name, data }) {
  if (name === "start") {
    remember(data.conversation_token);
    answer.id = data.message_id;
    startOver(answer);
  } else if (name === "delta") {
    answer.text += data.text;
    paintSoon(answer);
  } else if (name === "citation") {
    answer.citations.set(data.n, data);
    paintSoon(answer);
  } else if (name === "done") {
    finish(answer, data);
    announceAnswer(answer);
  } else if (name === "error") {
    throw new Trouble(data.detail || say("unexpected"), { status: data.status });
  }
}

// A second `start` voids what came before it: something it was made from was withdrawn, and the answer begins anew.
function startOver(answer) {
  cancelAnimationFrame(answer.painting);
  answer.text = "";
  answer.citations.clear();
  answer.prose.replaceChildren();
}

function addTurn(message) {
  const turn = piece("turn");
  turn.querySelector(".asked p").textContent = message;
  conversation.append(turn);
  showStarted(true);
  return turn;
}

// The question goes to the top and the answer grows below it: nothing moves while one reads.
function bringUp(turn) {
  conversation.querySelector(".latest")?.classList.remove("latest");
  turn.classList.add("latest");
  turn.scrollIntoView({ behavior: calmMotion.matches ? "auto" : "smooth", block: "start" });
}

function startAnswer(turn, message) {
  const element = piece("turn").querySelector(".answer");
  turn.querySelector(".answer").replaceWith(element);
  element.classList.add("streaming");
  element.setAttribute("aria-busy", "true");
  element.querySelector(".waiting-words").textContent = say("waiting");
  announce(say("waiting"));
  return answerIn(turn, message);
}

function answerIn(turn, message) {
  const element = turn.querySelector(".answer");
  const prose = element.querySelector(".prose");
  const answer = { turn, message, element, prose, id: null, text: "", citations: new Map(), done: false, painting: 0 };
  answers.set(element, answer);
  return answer;
}

function settle(answer) {
  cancelAnimationFrame(answer.painting);
  answer.element.classList.remove("streaming");
  answer.element.removeAttribute("aria-busy");
  answer.element.querySelector(".waiting")?.remove();
}

function finish(answer, { message_id: id, html, citations, answered, feedback = "" }) {
  settle(answer);
  Object.assign(answer, { done: true, id, passages: new Map() });
  answer.citations = new Map(citations.map((citation) => [citation.n, citation]));
  keepingPlace(answer, () => answer.prose.replaceChildren(...parsed(html, answer)));
  if (answer.citations.size) answer.element.append(sourcesOf(answer));
  if (answered === false) showUnsure(answer);
  answer.element.append(actionsOf(answer, feedback));
}

function announceAnswer(answer) {
  const spoken = answer.prose.cloneNode(true);
  spoken.querySelectorAll("sup").forEach((sup) => sup.remove());
  const count = answer.citations.size ? ` ${say("sourceCount", answer.citations.size)}` : "";
  announce(say("answerIs", spoken.textContent) + count);
}

function showUnsure(answer) {
  answer.element.classList.add("unsure");
  const next = piece("unsure");
  const asked = new Set([...conversation.querySelectorAll(".asked p")].map((p) => p.textContent.trim()));
  const open = [...document.querySelectorAll("#suggestions li")].filter((li) => !asked.has(li.textContent.trim()));
  if (open.length) {
    const list = document.createElement("ul");
    list.className = "suggestions";
    list.append(...open.slice(0, 2).map((li) => li.cloneNode(true)));
    next.append(list);
  }
  answer.element.append(next);
}

function fail(answer, trouble) {
  settle(answer);
  answer.prose.querySelectorAll("button.chip").forEach((chip) => chip.closest("sup").remove());
  const note = piece("trouble");
  note.classList.toggle("gentle", trouble.gentle);
  note.querySelector("p").textContent = trouble.message;
  const again = note.querySelector("button");
  countDown(again, trouble.retryAfter);
  again.addEventListener("click", () => {
    if (asking) return;
    answer.turn.querySelector(".asked").focus({ preventScroll: true });
    ask(answer.message, answer.turn);
  });
  answer.element.append(note);
}

function countDown(button, wait) {
  const label = button.querySelector("span");
  button.disabled = wait > 0;
  label.textContent = wait > 0 ? say("againIn", wait) : say("again");
  if (wait > 0) setTimeout(() => countDown(button, wait - 1), 1000);
}

// ---- painting text while it streams

function paintSoon(answer) {
  cancelAnimationFrame(answer.painting);
  answer.painting = requestAnimationFrame(() => paint(answer));
}

// Paragraphs stand as the finished HTML will have them, so that its arrival moves nothing. Nodes that are already
// right stay, so that a number keeps its focus while text arrives behind it.
function paint(answer) {
  const text = answer.text.replace(UNFINISHED, "").replace(MARKUP, "").trimEnd();
  if (!text) return;
  answer.element.querySelector(".waiting")?.remove();
  text.split(/\n{2,}/).forEach((paragraph, index) => {
    paintParagraph(answer.prose.children[index] ?? answer.prose.appendChild(liveParagraph()), paragraph, answer);
  });
}

function liveParagraph() {
  return Object.assign(document.createElement("p"), { className: "live" });
}

function paintParagraph(p, text, answer) {
  const parts = text.split(MARKER); // text, number, text, number, …
  let node = p.firstChild;
  parts.forEach((part, index) => {
    const isNumber = index % 2 === 1;
    if (!part || (isNumber && !answer.citations.has(Number(part)))) return;
    const fits = isNumber ? node?.dataset?.n === part : node?.nodeType === Node.TEXT_NODE;
    if (!fits) node = p.insertBefore(isNumber ? markOf(Number(part), answer) : new Text(), node);
    if (!isNumber && node.data !== part) node.data = part;
    node = node.nextSibling;
  });
  while (node) {
    const next = node.nextSibling;
    node.remove();
    node = next;
  }
}

// ---- the finished answer

function parsed(html, answer) {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  for (const sup of body.querySelectorAll("sup.citation")) {
    const n = Number(sup.dataset.n);
    if (answer.citations.has(n)) sup.replaceWith(markOf(n, answer));
    else sup.remove();
  }
  for (const link of body.querySelectorAll("a[href]")) Object.assign(link, { target: "_blank", rel: "noopener noreferrer" });
  for (const table of body.querySelectorAll("table")) {
    const frame = document.createElement("div");
    frame.className = "wide";
    frame.tabIndex = 0; // so that a keyboard can scroll it
    table.replaceWith(frame);
    frame.append(table);
  }
  return [...body.childNodes].map((node) => document.adoptNode(node));
}

// The streamed numbers give way to the final ones: focus and an open card move over to them.
function keepingPlace(answer, change) {
  const numberOf = (button) => (button && answer.prose.contains(button) ? button.closest("sup")?.dataset.n : undefined);
  const [focused, opened] = [numberOf(document.activeElement), numberOf(shown?.button)];
  change();
  const chip = (n) => n && answer.prose.querySelector(`sup[data-n="${n}"] .chip`);
  chip(focused)?.focus({ preventScroll: true });
  if (!opened) return;
  const { pinned } = shown;
  closeCard();
  if (chip(opened)) openCard(chip(opened), pinned);
}

function markOf(n, answer) {
  const sup = document.createElement("sup");
  sup.dataset.n = n;
  const chip = document.createElement("button");
  Object.assign(chip, { type: "button", className: "chip", textContent: n, ariaExpanded: "false", ariaHasPopup: "dialog" });
  const { title, page } = answer.citations.get(n);
  chip.ariaLabel = [`${say("chip", n)}: ${title}`, page && say("page", page)].filter(Boolean).join(", ");
  sup.append(chip);
  return sup;
}

function sourcesOf(answer) {
  const sources = piece("sources");
  for (const [n, { title, page, quote }] of answer.citations) {
    const item = piece("source");
    item.querySelector(".source").dataset.n = n;
    item.querySelector(".number").textContent = n;
    item.querySelector(".title").textContent = title;
    item.querySelector(".page").textContent = page ? say("page", page) : "";
    item.querySelector("q").textContent = quote;
    sources.querySelector("ol").append(item);
  }
  return sources;
}

function actionsOf(answer, feedback) {
  const actions = piece("actions");
  press(actions, feedback);
  actions.querySelector(".copy").addEventListener("click", () => copy(answer, actions));
  for (const thumb of actions.querySelectorAll(".thumb")) {
    thumb.addEventListener("click", () => rate(answer, actions, thumb.dataset.value));
  }
  return actions;
}

function press(actions, value) {
  for (const thumb of actions.querySelectorAll(".thumb")) thumb.ariaPressed = String(thumb.dataset.value === value);
}

async function rate(answer, actions, value, comment = "") {
  const before = actions.querySelector('.thumb[aria-pressed="true"]')?.dataset.value ?? "";
  const thanks = actions.querySelector(".thanks");
  press(actions, value);
  try {
    await request(`/messages/${answer.id}/feedback`, { body: comment ? { value, comment } : { value } });
  } catch {
    press(actions, before);
    thanks.textContent = say("notSaved");
    return false;
  }
  thanks.textContent = say("thanks");
  if (!comment) offerComment(answer, actions, value);
  return true;
}

function offerComment(answer, actions, value) {
  answer.element.querySelector(".comment")?.remove();
  const form = piece("comment");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const comment = form.querySelector("input").value.trim();
    if (comment && !(await rate(answer, actions, value, comment))) return;
    form.remove();
    actions.querySelector('.thumb[aria-pressed="true"]')?.focus();
  });
  actions.after(form);
  form.scrollIntoView({ block: "nearest" });
}

async function copy(answer, actions) {
  const sources = [...answer.citations.values()].map(
    ({ n, title, page, url }) => [`[${n}] ${title}`, page && say("page", page), url].filter(Boolean).join(", "),
  );
  const done = await putOnClipboard([plainText(answer), sources.join("\n")].filter(Boolean).join("\n\n"));
  actions.querySelector(".thanks").textContent = say(done ? "copied" : "notCopied");
  if (!done) return;
  const use = actions.querySelector(".copy use");
  use.setAttribute("href", "#icon-done");
  setTimeout(() => use.setAttribute("href", "#icon-copy"), 2000);
}

function plainText({ prose }) {
  const labels = [...prose.querySelectorAll(".chip")];
  for (const chip of labels) chip.textContent = `[${chip.textContent}]`;
  const text = prose.innerText;
  for (const chip of labels) chip.textContent = chip.textContent.slice(1, -1);
  return text.replace(/\n{3,}/g, "\n\n").trim();
}

// Browsers give the clipboard to secure pages only; a server in a home network often is not one.
async function putOnClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "unseen";
    document.body.append(area);
    const focused = document.activeElement;
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    focused?.focus({ preventScroll: true });
    return done;
  }
}

// ---- the citation card

let shown = null; // { button, answer, n, pinned }
let hovering = 0;

function openCard(button, pinned) {
  if (shown?.button !== button) {
    closeCard();
    const answer = answers.get(button.closest(".answer"));
    shown = { button, answer, n: Number((button.closest("sup") ?? button).dataset.n), pinned };
    button.ariaExpanded = "true";
    fillCard(shown);
  }
  shown.pinned = pinned;
  if (pinned) card.focus({ preventScroll: true });
}

function closeCard({ refocus = false } = {}) {
  clearTimeout(hovering);
  if (!shown) return;
  shown.button.ariaExpanded = "false";
  if (refocus && shown.pinned) shown.button.focus({ preventScroll: true });
  shown = null;
  card.hidden = true;
}

// The quote is there at once; the passage round it follows, and the quote stays when it can't be had.
async function fillCard(proof) {
  const { answer, n } = proof;
  showProof(answer.citations.get(n));
  if (!answer.done) return;
  try {
    const passage = await passageOf(answer, n);
    if (shown === proof) showProof(passage);
  } catch (error) {
    answer.passages.delete(n);
    if (shown === proof && [404, 410].includes(error.status)) showWithdrawn();
  }
}

function passageOf(answer, n) {
  if (!answer.passages.has(n)) {
    const path = `/messages/${answer.id}/citations/${n}`;
    answer.passages.set(n, request(path).then((response) => response.json()));
  }
  return answer.passages.get(n);
}

function showProof({ n, title, page, heading, quote, passage, url }) {
  card.querySelector(".number").textContent = n;
  $("card-title").textContent = title;
  card.querySelector(".place").textContent = [page && say("page", page), heading].filter(Boolean).join(" · ");
  const link = card.querySelector(".open");
  link.hidden = !/^https?:\/\//i.test(url ?? "");
  if (!link.hidden) link.href = url;
  const text = card.querySelector(".passage");
  text.replaceChildren(...highlighted(passage ?? "", quote));
  card.hidden = false;
  placeCard();
  text.scrollTop = text.querySelector("mark").offsetTop - text.offsetTop - 48;
}

function showWithdrawn() {
  card.querySelector(".place").textContent = "";
  card.querySelector(".open").hidden = true;
  card.querySelector(".passage").textContent = say("withdrawn");
  placeCard();
}

// Spaces and line breaks may differ between the two; when the quote is not found, it stands alone.
function highlighted(passage, quote) {
  const mark = document.createElement("mark");
  const pattern = quote.trim().split(/\s+/).map((word) => word.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("\\s+");
  const found = pattern ? new RegExp(pattern, "u").exec(passage) : null;
  mark.textContent = found ? found[0] : quote;
  return found ? [passage.slice(0, found.index), mark, passage.slice(found.index + found[0].length)] : [mark];
}

function placeCard() {
  if (!shown || narrow.matches) return;
  const box = shown.button.getBoundingClientRect();
  const [below, above] = [innerHeight - box.bottom - 20, box.top - 20];
  const under = below >= Math.min(card.scrollHeight, 320) || below >= above;
  const left = Math.min(Math.max(box.left + box.width / 2 - card.offsetWidth / 2, 16), innerWidth - card.offsetWidth - 16);
  const place = {
    "--card-left": `${left}px`,
    "--card-top": under ? `${box.bottom + 8}px` : "auto",
    "--card-bottom": under ? "auto" : `${innerHeight - box.top + 8}px`,
    "--card-room": `${Math.min(under ? below : above, 416)}px`,
  };
  for (const [name, value] of Object.entries(place)) card.style.setProperty(name, value);
}

conversation.addEventListener("click", (event) => {
  const button = event.target.closest(".chip, .source");
  if (!button) return;
  clearTimeout(hovering);
  if (shown?.button === button && shown.pinned) closeCard({ refocus: true });
  else openCard(button, true);
});

document.addEventListener("pointerover", (event) => {
  if (event.pointerType !== "mouse" || shown?.pinned) return;
  clearTimeout(hovering);
  const chip = event.target.closest(".chip");
  if (chip && chip !== shown?.button) hovering = setTimeout(openCard, 120, chip, false);
  else if (!chip && shown && !card.contains(event.target)) hovering = setTimeout(closeCard, 250);
});

document.addEventListener("pointerdown", (event) => {
  if (shown && !card.contains(event.target) && !event.target.closest(".chip, .source")) closeCard();
});

document.addEventListener("keydown", (event) => {
  if (!shown) return;
  const stops = [...card.querySelectorAll("button, .passage, a:not([hidden])")];
  const edge = event.shiftKey ? [card, stops[0]] : [stops.at(-1)];
  const leaves = event.key === "Tab" && edge.includes(document.activeElement);
  if (event.key !== "Escape" && !leaves) return;
  event.preventDefault();
  closeCard({ refocus: true });
});

card.querySelector("button").addEventListener("click", () => closeCard({ refocus: true }));

// ---- the composer

const lengthOf = (text) => [...text].length; // as the server counts: characters, not UTF-16 units
let countShown = "";

function showBusy(busy) {
  const hadFocus = document.activeElement === $("stop");
  $("send").hidden = Boolean(busy);
  $("stop").hidden = !busy;
  if (hadFocus && !busy) question.focus();
  measureQuestion();
}

function showStarted(started) {
  $("restart").hidden = !started;
  if ($("suggestions")) $("suggestions").hidden = started;
}

function measureQuestion() {
  const left = longest - lengthOf(question.value);
  const kind = left < 0 ? "tooLong" : left <= COUNT_FROM ? "left" : "";
  const counter = $("counter");
  counter.textContent = kind && say(kind, Math.abs(left));
  counter.classList.toggle("over", left < 0);
  question.ariaInvalid = String(left < 0);
  if (kind && kind !== countShown) announce(counter.textContent);
  countShown = kind;
  $("send").disabled = left < 0 || !question.value.trim();
  if (!CSS.supports("field-sizing", "content")) {
    question.style.height = "auto";
    question.style.height = `${question.scrollHeight}px`;
  }
}

async function submit(message, focusOn) {
  await restored;
  if (asking || !message || lengthOf(message) > longest) return false;
  ask(message);
  (focusOn ?? conversation.lastElementChild.querySelector(".asked")).focus({ preventScroll: true });
  return true;
}

composer.addEventListener("submit", async (event) => {
  event.preventDefault();
  // A phone's keyboard would hide the answer, so the focus leaves the field there.
  if (!(await submit(question.value.trim(), coarse.matches ? null : question))) return;
  question.value = "";
  measureQuestion();
});

question.addEventListener("input", measureQuestion);
question.addEventListener("keydown", (event) => {
  // 229: the Enter that ends a composition in Safari.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  composer.requestSubmit();
});
$("stop").addEventListener("click", () => asking?.abort("stopped"));

document.addEventListener("click", (event) => {
  const suggestion = event.target.closest(".suggestion");
  if (suggestion) submit(suggestion.textContent.trim());
});

$("restart").addEventListener("click", () => {
  asking?.abort("stopped");
  closeCard();
  remember(null);
  conversation.replaceChildren();
  showStarted(false);
  scrollTo({ top: 0 });
  question.focus({ preventScroll: true });
  announce(say("restarted"));
});

// ---- what was said before, and the page itself

async function restore() {
  if (!token) return;
  try {
    const response = await request("/conversation", { signal: AbortSignal.timeout(10_000) });
    replay((await response.json()).messages);
  } catch (error) {
    if ([401, 403, 404].includes(error.status)) remember(null);
    else tell(say("lost"));
  }
}

function replay(messages) {
  let answer = null;
  for (const message of messages) {
    if (message.role === "visitor") {
      if (answer && !answer.done) fail(answer, new Trouble(say("broken"), { gentle: true }));
      answer = answerIn(addTurn(message.text), message.text);
    } else if (answer) {
      finish(answer, message);
    }
  }
  if (answer && !answer.done) fail(answer, new Trouble(say("broken"), { gentle: true }));
  conversation.lastElementChild?.scrollIntoView({ block: "end" });
}

function tell(text) {
  $("connection").textContent = text;
  $("connection").hidden = !text;
}

addEventListener("offline", () => tell(say("offline")));
addEventListener("online", () => tell(""));
addEventListener("resize", placeCard);
addEventListener("scroll", () => {
  document.documentElement.classList.toggle("scrolled", scrollY > 4);
  placeCard();
}, { passive: true });

new ResizeObserver(() => {
  const root = document.documentElement.style;
  root.setProperty("--bar", `${document.querySelector(".bar").offsetHeight}px`);
  root.setProperty("--foot", `${composer.offsetHeight}px`);
}).observe(composer);

const restored = restore();
measureQuestion();
if (!coarse.matches) question.focus({ preventScroll: true });
