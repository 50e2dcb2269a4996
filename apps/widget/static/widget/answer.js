// A turn of the conversation: a question and its answer, from the first word to the finished text with its sources.
// Text from the server is set as text; only `html` of a finished answer, which the server has sanitised, is parsed.

import { answers, closeCard, openCard, opened } from "./card.js";
import { $, announce, countDown, piece, say } from "./page.js";

const MARKER = /\[(\d{1,3})\]/g; // [1] in streamed text
const UNFINISHED = /\[\d{0,3}$/; // a marker of which only a part has come
const MARKUP = /\*\*|^#{1,6} /gm; // signs that the finished HTML turns into looks
const conversation = $("conversation");
const calmMotion = matchMedia("(prefers-reduced-motion: reduce)");

// Not needed before there is an answer, so the page doesn't wait for it.
const reactions = () => import("./reactions.js");
reactions().catch(() => {}); // but it is there by then
let finished = () => {}; // told of each answer that became whole on this page

export const onFinished = (watcher) => { finished = watcher; };

// ---- the turn

export function addTurn(message) {
  const turn = piece("turn");
  turn.querySelector(".asked p").textContent = message;
  conversation.append(turn);
  return turn;
}

// Begins an answer in a turn, in place of one that failed before.
export function begin(turn, message, { calmly = false } = {}) {
  const element = piece("turn").querySelector(".answer");
  turn.querySelector(".answer").replaceWith(element);
  element.classList.add("streaming");
  element.setAttribute("aria-busy", "true");
  element.querySelector(".waiting-words").textContent = say("waiting");
  bringUp(turn, calmly);
  announce(say("waiting"));
  return answerIn(turn, message);
}

// The question goes to the top and the answer grows below it: nothing moves while one reads.
function bringUp(turn, calmly) {
  conversation.querySelector(".latest")?.classList.remove("latest");
  turn.classList.add("latest");
  turn.scrollIntoView({ behavior: calmly || calmMotion.matches ? "auto" : "smooth", block: "start" });
}

export function answerIn(turn, message) {
  const element = turn.querySelector(".answer");
  const answer = {
    turn, message, element, prose: element.querySelector(".prose"), id: null, token: null, lastEvent: "",
    text: "", citations: new Map(), passages: new Map(), done: false, painting: 0,
  };
  answers.set(element, answer);
  return answer;
}

// ---- while it streams

export function take(answer, name, data) {
  if (name === "delta") answer.text += data.text;
  if (name === "citation") answer.citations.set(data.n, data);
  cancelAnimationFrame(answer.painting);
  answer.painting = requestAnimationFrame(() => paint(answer));
}

// Another `start` voids what came before it: something it was made from was withdrawn, and the answer begins anew.
export function startOver(answer) {
  cancelAnimationFrame(answer.painting);
  if (answer.prose.contains(opened()?.button)) closeCard();
  answer.text = "";
  answer.citations.clear();
  answer.prose.replaceChildren();
}

export function lineBroke(answer) {
  if (answer.element.querySelector(".broken")) return;
  const note = piece("turn").querySelector(".waiting");
  note.classList.add("broken");
  note.querySelector(".waiting-words").textContent = say("reconnecting");
  answer.element.querySelector(".waiting")?.remove();
  answer.element.append(note);
  announce(say("reconnecting"));
}

export function lineStands({ element }) {
  const note = element.querySelector(".broken");
  if (!note) return;
  note.classList.remove("broken");
  note.querySelector(".waiting-words").textContent = "";
}

// Paragraphs stand as the finished HTML will have them, so that its arrival moves nothing. Nodes that are already
// right stay, so that a number keeps its focus while text arrives behind it.
function paint(answer) {
  const text = answer.text.replace(UNFINISHED, "").replace(MARKUP, "").trimEnd();
  if (!text) return;
  answer.element.querySelector(".waiting:not(.broken)")?.remove();
  text.split(/\n{2,}/).forEach((paragraph, index) => {
    paintParagraph(answer.prose.children[index] ?? answer.prose.appendChild(liveParagraph()), paragraph, answer);
  });
}

const liveParagraph = () => Object.assign(document.createElement("p"), { className: "live" });

function paintParagraph(p, text, answer) {
  let node = p.firstChild;
  for (const piece of piecesOf(text, answer)) {
    const isMark = typeof piece === "number";
    const fits = isMark ? node?.dataset?.n === String(piece) : node?.nodeType === Node.TEXT_NODE;
    if (!fits) node = p.insertBefore(isMark ? markOf(piece, answer) : new Text(), node);
    if (!isMark && node.data !== piece) node.data = piece;
    node = node.nextSibling;
  }
  while (node) {
    const next = node.nextSibling;
    node.remove();
    node = next;
  }
}

// Texts and the numbers of citations. A number that is none belongs to the text, as in a[0]; the last one may still
// become a mark, since its citation comes right after it.
function piecesOf(text, answer) {
  const parts = text.split(MARKER); // text, number, text, number, …
  const pieces = [];
  parts.forEach((part, index) => {
    const isNumber = index % 2 === 1;
    if (isNumber && answer.citations.has(Number(part))) pieces.push(Number(part));
    else if (isNumber ? parts.slice(index + 1).join("") : part) {
      const words = isNumber ? `[${part}]` : part;
      if (typeof pieces.at(-1) === "string") pieces[pieces.length - 1] += words;
      else pieces.push(words);
    }
  });
  return pieces;
}

// ---- when it has come

export function halt(answer) {
  cancelAnimationFrame(answer.painting);
  answer.element.classList.remove("streaming");
  answer.element.removeAttribute("aria-busy");
  answer.element.querySelectorAll(".waiting").forEach((note) => note.remove());
}

export function finish(answer, said, { live = false } = {}) {
  halt(answer);
  answer.done = true;
  show(answer, said);
  if (said.answered === false) showUnsure(answer);
  else if (said.offer_contact && !isAlwaysOffered()) answer.element.append(...contactOffer());
  addActions(answer, said);
  if (!live) return;
  announceAnswer(answer);
  finished(answer);
}

// What was kept of an answer that is not whole: with its proof, and with a way to ask again.
export function finishPartly(answer, said, trouble, again) {
  halt(answer);
  answer.done = true;
  show(answer, said);
  answer.element.append(troubleNote(answer, trouble, again));
  addActions(answer, said);
}

async function addActions(answer, { feedback = "" }) {
  const { actionsOf } = await reactions().catch(() => ({}));
  if (actionsOf) answer.element.append(actionsOf(answer, feedback));
}

function show(answer, { message_id: id, html, citations }) {
  answer.id = id;
  answer.citations = new Map(citations.map((citation) => [citation.n, citation]));
  keepingPlace(answer, () => answer.prose.replaceChildren(...parsed(html, answer)));
  if (answer.citations.size) answer.element.append(sourcesOf(answer));
}

function parsed(html, answer) {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  for (const sup of body.querySelectorAll("sup.citation")) {
    const n = Number(sup.dataset.n);
    if (answer.citations.has(n)) sup.replaceWith(markOf(n, answer));
    else sup.remove();
  }
  for (const link of body.querySelectorAll("a[href]")) Object.assign(link, { target: "_blank", rel: "noopener noreferrer nofollow" });
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
  const [focused, open] = [numberOf(document.activeElement), numberOf(opened()?.button)];
  const pinned = opened()?.pinned;
  change();
  const chip = (n) => n && answer.prose.querySelector(`sup[data-n="${n}"] .chip`);
  chip(focused)?.focus({ preventScroll: true });
  if (!open) return;
  closeCard();
  if (chip(open)) openCard(chip(open), pinned);
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
  answer.element.querySelector(".sources")?.remove();
  const sources = piece("sources");
  for (const places of documentsOf(answer)) {
    places.forEach(([n, { title, page, quote }], index) => {
      const item = piece("source");
      item.classList.toggle("place", index > 0);
      item.querySelector(".source").dataset.n = n;
      item.querySelector(".number").textContent = n;
      item.querySelector(".title").textContent = title;
      item.querySelector(".title").classList.toggle("unseen", index > 0 && Boolean(page || quote));
      item.querySelector(".page").textContent = page ? say("page", page) : "";
      item.querySelector("q").textContent = quote;
      sources.querySelector("ol").append(item);
    });
  }
  return sources;
}

// A document that proves several sentences is one source with several places.
function documentsOf(answer) {
  const documents = new Map();
  for (const place of answer.citations) {
    const [, { title, url }] = place;
    const key = `${title}\n${url}`;
    documents.set(key, [...(documents.get(key) ?? []), place]);
  }
  return [...documents.values()];
}

function announceAnswer(answer) {
  const spoken = answer.prose.cloneNode(true);
  spoken.querySelectorAll("sup").forEach((sup) => sup.remove());
  const count = answer.citations.size ? ` ${say("sourceCount", documentsOf(answer).length)}` : "";
  announce(say("answerIs", spoken.textContent) + count);
}

// ---- when the chatbot doesn't know

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
  next.append(...contactOffer());
  answer.element.append(next);
}

const isAlwaysOffered = () => document.querySelector(".bar .contact-open");
const contactOffer = () => ($("contact") ? [piece("contact-offer")] : []);

// ---- when it could not be had

export function failed(answer, trouble, again) {
  halt(answer);
  answer.prose.querySelectorAll("button.chip").forEach((chip) => chip.closest("sup").remove());
  answer.element.append(troubleNote(answer, trouble, again));
}

function troubleNote(answer, trouble, again) {
  const note = piece("trouble");
  note.classList.toggle("gentle", trouble.gentle);
  note.querySelector("p").textContent = trouble.message;
  const button = note.querySelector("button");
  countDown(button, trouble.retryAfter, say("again"));
  const retry = () => {
    removeEventListener("online", retry);
    if (!note.isConnected) return;
    answer.turn.querySelector(".asked").focus({ preventScroll: true });
    again();
  };
  button.addEventListener("click", retry);
  if (trouble.offline) addEventListener("online", retry); // it was asked already: nobody has to ask for it again
  return note;
}
