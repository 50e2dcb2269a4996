// The share page: the composer, what was said before, and the page round them.

import { addTurn, answerIn, finish, finishPartly, failed, onFinished } from "./answer.js";
import { ask, isAsking, onBusy, pickUp, stop } from "./asking.js";
import { answers, closeCard } from "./card.js";
import { $, announce, main, remember, request, root, say, token, Trouble } from "./page.js";

const COUNT_FROM = 400; // characters left when the counter appears
const conversation = $("conversation");
const composer = $("composer");
const question = $("question");
const longest = Number(main.dataset.longest);
const coarse = matchMedia("(pointer: coarse)");

// ---- the composer

const lengthOf = (text) => [...text].length; // as the server counts: characters, not UTF-16 units
let countShown = "";

onBusy((busy) => {
  const hadFocus = document.activeElement === $("stop");
  $("send").hidden = busy;
  $("stop").hidden = !busy;
  if (hadFocus && !busy) question.focus();
  measureQuestion();
});

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
  if (isAsking() || !message || lengthOf(message) > longest) return false;
  const turn = newTurn(message);
  ask(turn, message);
  (focusOn ?? turn.querySelector(".asked")).focus({ preventScroll: true });
  return true;
}

function newTurn(message) {
  showStarted(true);
  return addTurn(message);
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
$("stop").addEventListener("click", stop);

document.addEventListener("click", (event) => {
  const suggestion = event.target.closest(".suggestion");
  if (suggestion) submit(suggestion.textContent.trim());
});

$("restart").addEventListener("click", () => {
  stop();
  closeCard();
  remember(null);
  conversation.replaceChildren();
  showStarted(false);
  scrollTo({ top: 0 });
  question.focus({ preventScroll: true });
  announce(say("restarted"));
});

// ---- what was said before

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
  let turn = null;
  messages.forEach((message, place) => {
    if (message.role === "visitor") {
      turn = newTurn(message.text);
      turn.dataset.question = message.text;
    } else if (turn) {
      replayAnswer(turn, message, messages[place + 1]);
      turn = null;
    }
  });
  if (turn) miss(turn);
  conversation.lastElementChild?.scrollIntoView({ block: "end" });
}

function replayAnswer(turn, said, next) {
  const asked = turn.dataset.question;
  if (said.complete) finish(answerIn(turn, asked), said);
  else if (next?.text === asked) turn.remove(); // it was asked again, and that answer follows
  else if (!said.text) pickUp(turn, asked, said.message_id);
  else finishPartly(answerIn(turn, asked), said, brokenOff(), () => ask(turn, asked));
}

function miss(turn) {
  const asked = turn.dataset.question;
  failed(answerIn(turn, asked), brokenOff(), () => ask(turn, asked));
}

const brokenOff = () => new Trouble(say("broken"), { gentle: true });

// ---- a person instead

document.addEventListener("click", async (event) => {
  const opener = event.target.closest(".contact-open");
  if (!opener) return;
  const answer = answers.get(opener.closest(".answer"));
  try {
    const { openContact } = await import("./contact.js");
    openContact({ question: answer?.message, messageId: answer?.id });
  } catch {
    tell(say(navigator.onLine ? "unreachable" : "offline"));
  }
});

// ---- the page, and the one it may stand in

function tell(text) {
  $("connection").textContent = text;
  $("connection").hidden = !text;
}

addEventListener("offline", () => tell(say("offline")));
addEventListener("online", () => tell(""));
addEventListener("scroll", () => root.classList.toggle("scrolled", scrollY > 4), { passive: true });

new ResizeObserver(() => {
  root.style.setProperty("--bar", `${document.querySelector(".bar").offsetHeight}px`);
  root.style.setProperty("--foot", `${composer.offsetHeight}px`);
}).observe(composer);

// Only the page that the server has named is told anything.
const { parent: around = "", embedded } = main.dataset;
const tellParent = (message) => { if (around) window.parent.postMessage(message, around); };
const closeFrame = () => tellParent({ type: "tacit:close" });

onFinished((answer) => around === location.origin && tellParent({ type: "tacit:answered", messageId: answer.id }));
if (embedded) {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) closeFrame();
  });
  addEventListener("message", ({ source, data }) => {
    if (source === window.parent && data?.type === "tacit:opened") question.focus({ preventScroll: true });
  });
}

const restored = restore();
measureQuestion();
if (!coarse.matches && !embedded) question.focus({ preventScroll: true });
root.classList.add("ready");
performance.mark("ready"); // from here on it can be used
