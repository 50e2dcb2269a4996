// The contact form: sent once, however often one presses; what is wrong stands beside its field.

import { $, countDown, main, request, say, token } from "./page.js";

const dialog = $("contact");
const form = dialog.querySelector("form");
const sent = dialog.querySelector(".sent");
const status = form.querySelector(".status");
const button = form.querySelector("[type=submit]");
const PHONE = /^\+?[\d\s().\-/]{5,40}$/;

let key = ""; // names this form to the server: what is sent twice is kept once
let about = null; // the answer under which it was opened
let isSending = false;

// `crypto.randomUUID` is for secure pages only; a server in a home network often is not one.
const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export function openContact({ question = "", messageId = null } = {}) {
  about = messageId;
  if (!sent.hidden || !key) startAnew();
  const message = field("message");
  if (message && !message.value && question) message.value = say("askedBefore", question);
  dialog.showModal();
  (form.hidden ? dialog : controls()[0]).focus();
}

function startAnew() {
  key = newKey();
  form.reset();
  controls().forEach((control) => mark(control, ""));
  status.textContent = "";
  form.hidden = false;
  sent.hidden = true;
}

const controls = () => [...form.elements].filter((control) => control.name);
const field = (name) => controls().find((control) => control.name === name);

function mark(control, reason) {
  const note = $(`${control.id}-wrong`);
  note.textContent = reason;
  note.hidden = !reason;
  if (reason) control.setAttribute("aria-invalid", "true");
  else control.removeAttribute("aria-invalid");
}

function wrongWith(control) {
  const text = control.value.trim();
  if (control.type === "checkbox") return control.checked ? "" : say("agreeFirst");
  if (control.required && !text) return say("fillIn");
  if (text && control.type === "email" && control.validity.typeMismatch) return say("noEmail");
  if (text && control.type === "tel" && !PHONE.test(text)) return say("noPhone");
  return "";
}

function isSound() {
  const wrong = controls().filter((control) => {
    const reason = wrongWith(control);
    mark(control, reason);
    return reason;
  });
  wrong[0]?.focus();
  return !wrong.length;
}

function body() {
  const fields = controls().filter((control) => control.name !== "consent" && control.value.trim());
  const consent = field("consent");
  return {
    fields: Object.fromEntries(fields.map((control) => [control.name, control.value.trim()])),
    consent: consent?.checked ?? false,
    ...(consent && { consent_text: $("consent-text").textContent }),
    ...(token && { conversation_token: token }),
    ...(about && { message_id: about }),
  };
}

form.noValidate = true; // with the script, mistakes are told in the page's language and beside their fields
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (isSending || !isSound()) return;
  isSending = button.disabled = true;
  status.textContent = say("sending");
  try {
    await request("/contact", { body: body(), bearer: null, headers: { "Idempotency-Key": key } });
    thank();
  } catch (error) {
    tell(error);
  } finally {
    isSending = false;
    if (!status.dataset.waits) button.disabled = false;
  }
});

function thank() {
  form.hidden = true;
  sent.hidden = false;
  sent.querySelector("h2").focus();
}

function tell({ message, errors = [], retryAfter = 0 }) {
  status.textContent = message;
  for (const { field: name, reason } of errors) {
    const control = field(name.split(".").at(-1));
    if (control) mark(control, document.documentElement.lang === "en" ? reason : say("lookAgain"));
  }
  form.querySelector("[aria-invalid]")?.focus();
  if (!retryAfter) return;
  status.dataset.waits = "1";
  countDown(button, retryAfter, button.dataset.label);
  setTimeout(() => { delete status.dataset.waits; }, retryAfter * 1000);
}

form.addEventListener("input", ({ target }) => {
  if (target.name && target.hasAttribute("aria-invalid") && !wrongWith(target)) mark(target, "");
});
for (const close of dialog.querySelectorAll(".close")) close.addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); }); // beside it
dialog.addEventListener("keydown", (event) => event.stopPropagation()); // Escape closes this alone
main.dataset.contact = "ready";
