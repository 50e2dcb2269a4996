// Copy buttons: `data-copy` names the element whose text is copied. Everything else on these pages works without script.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source); // without https the clipboard is closed: then one keystroke is left
    button.textContent = "Press Ctrl+C";
  }
});
