// The citation card: opens from a number in an answer or from its list of sources, and shows the passage with the quote.

import { $, request, say } from "./page.js";

export const answers = new WeakMap(); // by their elements

const card = $("card");
const narrow = matchMedia("(max-width: 39.99rem)");

let shown = null; // { button, answer, n, pinned }
let hovering = 0;

export const opened = () => shown;

export function openCard(button, pinned) {
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

export function closeCard({ refocus = false } = {}) {
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
  const pattern = quote.trim().split(/\s+/).map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("\\s+");
  const found = pattern ? new RegExp(pattern, "u").exec(passage) : null;
  mark.textContent = found ? found[0] : quote;
  return found ? [passage.slice(0, found.index), mark, passage.slice(found.index + found[0].length)] : [mark];
}

export function placeCard() {
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

$("conversation").addEventListener("click", (event) => {
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
addEventListener("resize", placeCard);
addEventListener("scroll", placeCard, { passive: true });
