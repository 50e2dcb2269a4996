// Copies what is shown once. Without script the button stays away, and the field is copied by hand.
(() => {
  for (const button of document.querySelectorAll("[data-copies]")) {
    const field = document.getElementById(button.dataset.copies);
    const told = document.getElementById("copied");
    button.hidden = false;
    field.addEventListener("focus", () => field.select());
    button.addEventListener("click", async () => {
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
        told.textContent = "Copied.";
      } catch {
        told.textContent = "It is selected: press Ctrl+C, or ⌘C on a Mac.";
      }
    });
  }
})();
