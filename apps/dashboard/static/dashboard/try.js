// After every answer the chat tells which one it was; its proof is then shown beside it.
(() => {
  const page = document.getElementById("try");
  if (!page) return;
  const frame = page.querySelector("iframe");
  const proof = document.getElementById("proof");
  const told = document.getElementById("proof-told");
  const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

  // The answer itself has come, so nothing is lost.
  const failed = () => {
    const text = "How this answer came about could not be loaded. You find it under Conversations.";
    document.dispatchEvent(new CustomEvent("toast", { detail: { text, bad: true } }));
  };
  proof.addEventListener("htmx:responseError", failed);

  async function show(messageId) {
    proof.classList.add("loading");
    const address = page.dataset.proof.replace(page.dataset.placeholder, messageId);
    const headers = { "X-CSRFToken": page.querySelector("[name=csrfmiddlewaretoken]").value };
    try {
      await htmx.ajax(page.dataset.method, address, { source: proof, target: proof, swap: "innerHTML", headers });
      if (proof.querySelector(".proof")) told.textContent = "The proof of the answer is shown beside the chat.";
    } catch {
      failed(); // the server was not reached
    } finally {
      proof.classList.remove("loading");
    }
  }

  addEventListener("message", (event) => {
    if (event.origin !== location.origin || event.source !== frame.contentWindow) return;
    const { type, messageId } = event.data ?? {};
    if (type === "tacit:answered" && ID.test(messageId)) show(messageId);
  });
})();
