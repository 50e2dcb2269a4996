// Share and embed: the colour as text beside its picker, since a brand's colour comes as one to paste.
(() => {
  const picker = document.getElementById("accent-colour");
  const text = document.getElementById("accent-text");
  if (!picker || !text) return;
  text.hidden = false;
  text.value = picker.value;
  picker.addEventListener("input", () => { text.value = picker.value; });
  text.addEventListener("input", () => {
    const typed = text.value.trim().toLowerCase().replace(/^#?/, "#");
    const whole = /^#[0-9a-f]{3}$/.test(typed) ? typed.replace(/[0-9a-f]/g, "$&$&") : typed;
    const fits = /^#[0-9a-f]{6}$/.test(whole);
    text.setAttribute("aria-invalid", String(!fits));
    if (!fits || whole === picker.value) return;
    picker.value = whole;
    picker.dispatchEvent(new Event("change", { bubbles: true }));
  });
  text.addEventListener("change", () => {
    text.value = picker.value;
    text.setAttribute("aria-invalid", "false");
  });
})();
