// A form with `data-waits` says what it waits for, and is sent once. It works without this as well.
addEventListener("submit", (event) => {
  const words = event.target.dataset.waits;
  if (!words) return;
  const button = event.target.querySelector("button");
  button.textContent = words;
  button.setAttribute("aria-disabled", "true");
  event.target.addEventListener("submit", (again) => again.preventDefault());
});

// Back from the answer, the page is as it was left: the button must ask again.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
