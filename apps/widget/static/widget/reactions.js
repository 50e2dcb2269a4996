// What one can do with an answer: copy it with its sources, and say whether it helped.

import { piece, request, say } from "./page.js";

export function actionsOf(answer, feedback) {
  answer.element.querySelector(".actions")?.remove();
  const actions = piece("actions");
  press(actions, feedback);
  actions.querySelector(".copy").addEventListener("click", () => copy(answer, actions));
  for (const thumb of actions.querySelectorAll(".thumb")) {
    thumb.addEventListener("click", () => rate(answer, actions, thumb.dataset.value));
  }
  return actions;
}

// ---- thumbs, with a word if one likes

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

// ---- copying

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
