// Tacit's widget: a button in a corner of the page which opens a chat in a frame of its own.
// <script src="https://HOST/widget.js" data-bot="PUBLIC_ID" defer></script>   (docs/embedding.md)
// It brings its own styles in a shadow root, sets no global name, writes no inline style and takes no focus by itself.
(() => {
  "use strict";

  const script = document.currentScript ?? document.querySelector('script[data-bot][src*="/widget.js"]');
  const { bot, preview } = script?.dataset ?? {};
  if (!/^\w+$/.test(bot ?? "")) return console.warn("Tacit: the script tag of the widget needs data-bot with the chatbot’s public id.");
  if (!("adoptedStyleSheets" in document)) return; // browsers from before 2023
  const home = new URL(script.src).origin;
  const TAG = `tacit-${bot.toLowerCase()}`; // of its own, so that a page may have two chatbots

  // ---- what it looks like; physical sides nowhere, so that it mirrors by itself

  const STYLE = `
    :host { all: initial !important; position: fixed !important; z-index: 2147483000 !important; inset: auto !important; inset-block-end: max(20px, env(safe-area-inset-bottom)) !important; inset-inline-end: 20px !important; display: block !important; font: 16px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif !important; color-scheme: light dark !important; }
    :host([dir="rtl"]) { direction: rtl !important; }
    :host([corner="start"]) { inset-inline: 20px auto !important; }
    *, ::before, ::after { box-sizing: border-box; }
    button { display: grid; place-items: center; margin: 0; padding: 0; border: 0; cursor: pointer; touch-action: manipulation; -webkit-tap-highlight-color: transparent; }
    button:focus-visible { outline: 3px solid #fff; outline-offset: 0; box-shadow: 0 0 0 6px #101418; }
    svg { inline-size: 28px; block-size: 28px; fill: none; stroke: currentColor; stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round; }
    .launcher { inline-size: 60px; block-size: 60px; border-radius: 50%; background: var(--accent); color: var(--on-accent); box-shadow: 0 0 0 1px rgb(255 255 255 / 35%), 0 2px 6px rgb(8 16 15 / 18%), 0 10px 28px rgb(8 16 15 / 26%); transition: transform .18s; animation: appear .25s cubic-bezier(.2, .8, .2, 1); }
    .launcher svg { grid-area: 1 / 1; transition: opacity .15s, transform .2s; }
    .launcher[aria-expanded="false"] .down, .launcher[aria-expanded="true"] .talk { opacity: 0; transform: rotate(40deg) scale(.6); }
    dialog { position: fixed; inset: auto; inset-block-end: calc(max(20px, env(safe-area-inset-bottom)) + 74px); inset-inline-end: 20px; inline-size: min(410px, calc(100vw - 40px)); block-size: min(680px, calc(100vh - 116px)); max-inline-size: none; max-block-size: none; margin: 0; padding: 0; border: 0; border-radius: 20px; overflow: hidden; background: #f7f8f6; color: #16201e; box-shadow: 0 0 0 1px rgb(8 16 15 / 10%), 0 4px 14px rgb(8 16 15 / 14%), 0 24px 64px rgb(8 16 15 / 28%); transform-origin: 100% 100%; animation: rise .22s cubic-bezier(.2, .8, .2, 1); }
    :host([corner="start"]) dialog { inset-inline: 20px auto; }
    dialog:focus { outline: none; }
    iframe { display: block; position: relative; inline-size: 100%; block-size: 100%; border: 0; color-scheme: light dark; }
    .close { position: absolute; z-index: 1; inset-block-start: 6px; inset-inline-end: 8px; inline-size: 44px; block-size: 44px; border-radius: 50%; background: none; color: inherit; }
    .close svg { inline-size: 22px; block-size: 22px; }
    .close:focus-visible { outline-color: var(--accent); outline-offset: -4px; box-shadow: inset 0 0 0 7px #fff; }
    .loading { position: absolute; inset: 0; display: grid; place-content: center; margin: 0; }
    .loading span { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    .loading::after { content: ""; inline-size: 34px; block-size: 34px; border: 3px solid #82908c; border-block-start-color: transparent; border-radius: 50%; animation: turn .9s linear infinite; }
    .ready .loading { display: none; }
    @media (hover: hover) { .launcher:hover { transform: scale(1.05); } .close:hover { background: rgb(128 144 140 / 18%); } }
    @media (prefers-color-scheme: dark) { dialog { background: #0e1413; color: #e7edeb; box-shadow: 0 0 0 1px rgb(255 255 255 / 14%), 0 24px 64px rgb(0 0 0 / 60%); } .close:focus-visible { box-shadow: none; outline-color: #fff; } }
    @media (max-width: 479.98px) {
      dialog, :host([corner="start"]) dialog { inset: 0; inline-size: 100%; block-size: 100vh; block-size: 100dvh; border-radius: 0; box-shadow: none; }
    }
    @keyframes appear { from { opacity: 0; transform: scale(.6); } }
    @keyframes rise { from { opacity: 0; transform: translateY(14px); } }
    @keyframes turn { to { transform: rotate(1turn); } }
    @media (prefers-reduced-motion: reduce) { *, ::before, ::after { animation: none !important; transition: none !important; } .loading::after { border-block-start-color: #82908c; border-style: dotted; } }
    @media (forced-colors: active) { .launcher, dialog { border: 2px solid ButtonText; } }
    @media print { :host { display: none !important; } }`;
  const PICTURES = {
    talk: ["M6.5 4.5h11a3 3 0 0 1 3 3v6a3 3 0 0 1-3 3H12l-5 4v-4h-.5a3 3 0 0 1-3-3v-6a3 3 0 0 1 3-3z", "M8 9h8M8 12.5h5"],
    down: ["m6 9 6 6 6-6"],
    cross: ["m6 6 12 12M18 6 6 18"],
  };

  // Pages that demand Trusted Types take no markup from a string, so everything is made piece by piece.
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  function picture(name) {
    const drawn = (tag) => document.createElementNS("http://www.w3.org/2000/svg", tag);
    const svg = drawn("svg");
    for (const [attribute, value] of [["viewBox", "0 0 24 24"], ["aria-hidden", "true"], ["class", name]]) svg.setAttribute(attribute, value);
    for (const line of PICTURES[name]) {
      const path = drawn("path");
      path.setAttribute("d", line);
      svg.append(path);
    }
    return svg;
  }

  const MAY = "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox"; // not: lead the page elsewhere

  // ---- whether it is open outlives a refresh, for as long as the tab; pages may have closed their storage

  const KEY = `tacit:${bot}:open`;
  const kept = () => { try { return sessionStorage.getItem(KEY); } catch { return null; } };
  const keep = (open) => { try { sessionStorage.setItem(KEY, open ? "1" : "0"); } catch { /* then it doesn't */ } };

  // ---- the element

  const phone = matchMedia("(max-width: 479.98px)");

  class Widget extends HTMLElement {
    #facts;
    #parts;
    #body = null;
    #wanted = false; // whether the focus waits for the frame to be loaded

    constructor(facts) {
      super();
      this.#facts = facts;
      this.#build(this.attachShadow({ mode: "open" }));
      phone.addEventListener("change", () => this.#parts.panel.open && this.#show());
      addEventListener("message", (event) => this.#hear(event));
    }

    connectedCallback() {
      const { language, direction, corner } = this.#facts;
      for (const [name, value] of [["bot", bot], ["lang", language], ["dir", direction], ["corner", corner]]) this.setAttribute(name, value);
      const before = kept();
      if (before === "1" || (preview && before === null)) this.#open({ focus: false });
    }

    // Sites that change pages without loading anew put a new body in place of the old one.
    disconnectedCallback() {
      queueMicrotask(() => this.isConnected || this.#body === document.body || this.attach());
    }

    attach() {
      this.#body = document.body;
      this.#body.append(this);
    }

    #build(root) {
      const { name, accent, on_accent: onAccent, texts } = this.#facts;
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(`${STYLE} :host { --accent: ${accent}; --on-accent: ${onAccent}; }`);
      root.adoptedStyleSheets = [sheet];
      const launcher = make("button", { type: "button", class: "launcher", "aria-expanded": "false", "aria-controls": "panel", "aria-label": texts.launcher }, picture("talk"), picture("down"));
      const close = make("button", { type: "button", class: "close", "aria-label": texts.close }, picture("cross"));
      const loading = make("p", { class: "loading", role: "status" }, make("span", {}, texts.loading));
      const panel = make("dialog", { id: "panel", "aria-label": name, tabindex: "-1" }, loading, close);
      launcher.addEventListener("click", () => (panel.open ? this.#close() : this.#open()));
      close.addEventListener("click", () => this.#close());
      panel.addEventListener("cancel", () => this.#close()); // a phone's way back
      root.addEventListener("keydown", (event) => {
        if (event.key !== "Escape" || !panel.open) return; // else it is the page's
        event.stopPropagation();
        this.#close();
      });
      root.append(launcher, panel);
      this.#parts = { launcher, panel, frame: null };
    }

    #open({ focus = true } = {}) {
      const { launcher, panel, frame } = this.#parts;
      launcher.setAttribute("aria-expanded", "true");
      this.#show();
      if (!frame) this.#load();
      this.#wanted = focus;
      if (focus) this.#enter();
      keep(true);
    }

    #close() {
      const { launcher, panel } = this.#parts;
      if (!panel.open) return;
      panel.close();
      launcher.setAttribute("aria-expanded", "false");
      launcher.focus({ preventScroll: true });
      keep(false);
    }

    // On a desk it stands beside the page, which stays in use; on a phone it covers the page, which then can't be reached.
    // `show()` would take the focus, also when a refresh opens it; setting `open` does not.
    #show() {
      const { panel } = this.#parts;
      if (panel.open) panel.close();
      if (phone.matches && !preview) panel.showModal();
      else panel.open = true;
    }

    #load() {
      const asked = new URLSearchParams({ parent: location.origin, lang: document.documentElement.lang });
      if (preview) asked.set("preview", preview);
      const { panel } = this.#parts;
      const frame = make("iframe", { title: this.#facts.name, src: `${home}/embed/${bot}?${asked}`, allow: "clipboard-write", sandbox: MAY });
      frame.addEventListener("load", () => {
        panel.classList.add("ready");
        if (this.#wanted) this.#enter();
      });
      panel.append(frame);
      this.#parts.frame = frame;
    }

    // The frame is given the focus first, and then asked to put it on its question: only it knows where that is.
    #enter() {
      const { frame, panel } = this.#parts;
      if (!panel.classList.contains("ready")) return panel.focus({ preventScroll: true });
      this.#wanted = false;
      frame.focus({ preventScroll: true });
      frame.contentWindow.postMessage({ type: "tacit:opened" }, home);
    }

    #hear({ origin, source, data }) {
      const { frame } = this.#parts;
      if (!frame || origin !== home || source !== frame.contentWindow) return;
      if (data?.type === "tacit:close") this.#close();
    }
  }

  // ---- it shows where the chatbot's owner allowed it, and nowhere else

  async function begin() {
    const asked = new URLSearchParams({ lang: document.documentElement.lang });
    if (preview) asked.set("preview", preview);
    const address = `${home}/api/v1/chat/${bot}/widget?${asked}`;
    let facts;
    try {
      const response = await fetch(address, { credentials: "omit" });
      if (!response.ok) return console.warn(refused());
      facts = await response.json();
    } catch {
      // A refusal and a server that is away look alike from here, but only one of them answers at all.
      const answers = await fetch(address, { mode: "no-cors", credentials: "omit" }).then(() => true, () => false);
      return console.warn(answers ? refused() : unreachable());
    }
    if (customElements.get(TAG)) return; // the script is on the page twice
    customElements.define(TAG, Widget);
    new Widget(facts).attach();
  }

  const refused = () => `Tacit: the chat is not shown on this site. If the chatbot is yours: add ${location.origin} under “Share and embed” at ${home}, and check that data-bot is its public id and that it is online.`;
  const unreachable = () => `Tacit: ${home} can’t be reached from this page, so the chat is not shown. If this site has a Content-Security-Policy, add ${home} to its script-src, connect-src and frame-src.`;

  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
})();
