// The pages of sources: files are sent one by one with their progress, rows are selected, what was done is told.
// Without this script the same forms work; then the browser sends all files at once.
(() => {
  const AT_ONCE = 2;
  const SYSTEM_FILES = /^(\.|~\$)|^(thumbs\.db|desktop\.ini|__macosx)$/i;
  const form = document.getElementById("add-sources");

  // What is sent, one file after another.

  class Sending {
    constructor(form) {
      this.form = form;
      this.panel = form.querySelector(".uploads");
      this.told = form.querySelector(".uploads-told");
      this.bar = form.querySelector(".uploads progress");
      this.list = form.querySelector(".uploads-list");
      this.limit = Number(form.dataset.limit);
      this.waiting = [];
      this.running = new Set();
      this.reset();
    }

    reset() {
      this.total = this.sent = this.failed = this.leftOut = this.known = 0;
      this.bytes = this.bytesSent = 0;
    }

    get busy() { return this.running.size > 0 || this.waiting.length > 0; }

    add(entries) {
      if (!this.busy) { this.reset(); this.list.replaceChildren(); }
      const kept = entries.filter(({ path }) => !path.split("/").some((part) => SYSTEM_FILES.test(part)));
      this.leftOut += entries.length - kept.length;
      for (const { file, path } of kept) {
        this.total += 1;
        if (file.size > this.limit) {
          this.failed += 1;
          this.complain({ path }, `It has ${inMegabytes(file.size)}; this server takes up to ${this.form.dataset.limitTold} a file. Split it and upload the parts.`, false);
        } else {
          this.bytes += file.size;
          this.waiting.push({ file, path, loaded: 0, disclosure: new FormData(this.form).get("disclosure") });
        }
      }
      this.panel.hidden = false;
      this.goOn();
    }

    goOn() {
      while (this.running.size < AT_ONCE && this.waiting.length) this.send(this.waiting.shift());
      this.tell();
    }

    send(one) {
      const request = new XMLHttpRequest();
      const fields = new FormData();
      fields.append("csrfmiddlewaretoken", this.form.elements.csrfmiddlewaretoken.value);
      fields.append("disclosure", one.disclosure);
      fields.append("path", one.path);
      fields.append("files", one.file, one.file.name);
      one.request = request;
      this.running.add(one);
      request.open("POST", this.form.action);
      request.setRequestHeader("Accept", "application/json");
      request.upload.onprogress = (event) => { one.loaded = Math.min(event.loaded, one.file.size); this.tell(); };
      request.onload = () => this.ended(one, readAnswer(request));
      request.onerror = () => this.ended(one, { problem: "The connection broke off before it was sent.", again: true });
      request.onabort = () => this.ended(one, { problem: "Not sent: you stopped it.", again: true });
      request.send(fields);
    }

    ended(one, { problem, again, note }) {
      this.running.delete(one);
      if (problem) {
        this.failed += 1;
        this.bytes -= one.file.size;
        this.complain(one, problem, again);
      } else {
        this.sent += 1;
        if (note === "Is here already") this.known += 1;
        this.bytesSent += one.file.size;
        loadAnew();
      }
      this.goOn();
      if (!this.busy) loadAnew(0);
    }

    complain(one, problem, again) {
      const line = document.createElement("li");
      const name = document.createElement("strong");
      const reason = document.createElement("span");
      name.textContent = one.path;
      reason.textContent = ` ${problem}`;
      line.append(name, reason);
      if (again) line.append(this.retryButton(one, line));
      this.list.append(line);
    }

    retryButton(one, line) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "second small";
      button.textContent = "Send again";
      button.addEventListener("click", () => {
        line.remove();
        this.failed -= 1;
        this.bytes += one.file.size;
        this.waiting.push({ ...one, loaded: 0 });
        this.goOn();
      });
      return button;
    }

    stop() {
      const given = this.waiting.splice(0);
      for (const one of given) { this.failed += 1; this.bytes -= one.file.size; this.complain(one, "Not sent: you stopped it.", true); }
      for (const one of [...this.running]) one.request.abort();
      this.tell();
    }

    tell() {
      const loaded = this.bytesSent + [...this.running].reduce((sum, one) => sum + one.loaded, 0);
      this.bar.value = this.bytes ? (100 * loaded) / this.bytes : 100;
      this.bar.hidden = !this.busy;
      this.form.querySelector("[data-stop]").hidden = !this.busy;
      const parts = [this.busy ? `Sending ${this.sent + this.running.size} of ${this.total}` : `${this.sent} of ${this.total} sent`];
      if (this.failed) parts.push(`${this.failed} not sent`);
      if (this.known) parts.push(`${this.known} of them here already`);
      if (this.leftOut) parts.push(`${this.leftOut} of the system's own left out`);
      const words = `${parts.join(", ")}.`;
      if (this.told.textContent !== words) this.told.textContent = words;
    }
  }

  function readAnswer(request) {
    let answer = {};
    try { answer = JSON.parse(request.responseText); } catch { /* a proxy's page, or that of a server that restarts */ }
    if (request.status === 200 && answer.sources) return { ...answer.sources[0], again: false };
    if (request.responseURL.includes("/accounts/login")) return { problem: "You are signed out. Sign in in another tab, then send it again.", again: true };
    if (request.status === 413) return { problem: "The server takes no file of this size. Split it and upload the parts.", again: false };
    return { problem: answer.problem || `The server could not take it (${request.status}).`, again: !answer.problem };
  }

  function inMegabytes(bytes) { return `${Math.ceil(bytes / 1024 / 1024)} MB`; }

  // The lists of the page load anew: at most once a second while files come in.
  let loading = 0;
  function loadAnew(delay = 1000) {
    if (delay && loading) return;
    clearTimeout(loading);
    loading = setTimeout(() => {
      loading = 0;
      if (document.activeElement?.id === "source-search") loadAnew(2000); // not under somebody's typing
      else document.body.dispatchEvent(new Event("sources-changed"));
    }, delay);
  }

  // What was dropped: files, and folders with all that is in them.

  async function dropped(transfer) {
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.length) return [...transfer.files].map((file) => ({ file, path: file.name }));
    const found = [];
    for (const entry of entries) await walk(entry, "", found);
    return found;
  }

  async function walk(entry, folder, found) {
    const path = folder ? `${folder}/${entry.name}` : entry.name;
    if (entry.isFile) {
      found.push({ file: await new Promise((done, failed) => entry.file(done, failed)), path });
      return;
    }
    const reader = entry.createReader();
    for (;;) { // a hundred at a time, until there are none
      const some = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!some.length) return;
      for (const one of some) await walk(one, path, found);
    }
  }

  if (form) {
    const sending = new Sending(form);
    form.classList.add("live");
    for (const picker of form.querySelectorAll("input[type=file]")) {
      picker.addEventListener("change", () => {
        sending.add([...picker.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
        picker.value = "";
      });
    }
    form.querySelector("[data-stop]").addEventListener("click", () => sending.stop());
    let inside = 0; // dragenter and dragleave come for every element on the way
    const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    const mark = () => form.classList.toggle("hovered", inside > 0);
    addEventListener("dragenter", (event) => { if (carriesFiles(event)) { inside += 1; mark(); } });
    addEventListener("dragleave", (event) => { if (carriesFiles(event)) { inside = Math.max(0, inside - 1); mark(); } });
    addEventListener("dragover", (event) => { if (carriesFiles(event)) event.preventDefault(); });
    addEventListener("drop", async (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      inside = 0;
      mark();
      form.querySelector(".ways details").open = true;
      sending.add(await dropped(event.dataTransfer));
    });
    addEventListener("beforeunload", (event) => { if (sending.busy) event.preventDefault(); });
  }

  // While something is read, the page asks how far it is. An answer that a change of the page has overtaken is left out.
  let changes = 0, changesWhenAsked = 0;
  setInterval(() => { if (document.querySelector("[data-busy]") && !document.hidden) window.htmx?.trigger("#poller", "look"); }, 1500);
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.id === "poller") changesWhenAsked = changes;
    else changes += 1;
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.elt.id === "poller" && changesWhenAsked !== changes) event.detail.shouldSwap = false;
  });

  // A file that is too large is told before it is sent.
  for (const picker of document.querySelectorAll("form[data-limit] > .field input[type=file]")) {
    picker.addEventListener("change", () => {
      const file = picker.files[0];
      const limits = picker.form.dataset;
      picker.setCustomValidity(file && file.size > Number(limits.limit) ? `This file has ${inMegabytes(file.size)}; this server takes up to ${limits.limitTold}.` : "");
      picker.reportValidity();
    });
  }

  // Rows that are selected.

  const picked = () => [...document.querySelectorAll(".pick input")];
  function tellPicked() {
    const boxes = picked(), chosen = boxes.filter((box) => box.checked).length;
    const all = document.querySelector("[data-pick-all]"), number = document.querySelector("[data-picked]");
    if (number) number.textContent = chosen === 1 ? "1 source" : `${chosen} sources`;
    if (all) {
      all.parentElement.hidden = false;
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
  }
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick-all]")) for (const box of picked()) box.checked = event.target.checked;
    if (event.target.matches("[data-pick-all], .pick input")) tellPicked();
  });
  tellPicked();

  // What was done is told where the keyboard goes on, with its undo next.

  const tell = () => document.querySelector("[data-told]")?.focus();
  tell();
  let kept = new Set();
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.responseURL.includes("/accounts/login")) { event.detail.shouldSwap = false; location.reload(); }
    const quiet = event.detail.requestConfig.verb === "get";
    kept = new Set(quiet ? picked().filter((box) => box.checked).map((box) => box.id) : []);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    for (const box of picked()) if (kept.has(box.id)) box.checked = true;
    tellPicked();
    if (event.detail.requestConfig?.verb === "post") tell();
  });
  document.addEventListener("htmx:responseError", () => location.reload());
})();
