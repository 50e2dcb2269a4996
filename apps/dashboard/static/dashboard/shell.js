// What every page of the dashboard shares: menus that close, toasts, and tabs that show the one that is open.
// All of it is comfort: without script menus stay open, toasts stay, and tabs scroll by hand.
(() => {
  const toasts = document.querySelector(".toasts");
  const READ_IN = 8000; // long enough for one sentence; a toast with Undo stays until it is closed

  function fadeLater(toast) {
    if (toast.querySelector("form")) return;
    let timer = setTimeout(() => toast.remove(), READ_IN);
    const hold = () => clearTimeout(timer);
    const goOn = () => (timer = setTimeout(() => toast.remove(), READ_IN));
    toast.addEventListener("mouseenter", hold);
    toast.addEventListener("focusin", hold);
    toast.addEventListener("mouseleave", goOn);
    toast.addEventListener("focusout", goOn);
  }

  // A script tells something by a `toast` event: `detail` has the text, and `bad` when something went wrong.
  document.addEventListener("toast", ({ detail: { text, bad = false } }) => {
    const toast = document.getElementById("toast").content.firstElementChild.cloneNode(true);
    toast.querySelector("p").textContent = text;
    toast.classList.toggle("bad", bad);
    toasts.append(toast);
    fadeLater(toast);
  });

  document.addEventListener("click", (event) => {
    event.target.closest("[data-close-toast]")?.closest(".toast").remove();
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    }
  });

  document.querySelectorAll(".toast").forEach(fadeLater);
  for (const strip of document.querySelectorAll(".tabs, .places")) {
    const here = strip.querySelector("[aria-current]");
    if (here) strip.scrollLeft = here.offsetLeft - strip.offsetLeft - (strip.clientWidth - here.offsetWidth) / 2;
  }
})();
