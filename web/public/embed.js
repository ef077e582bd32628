// Shows the chat page of an app within another page: <script src="…/chat/embed.js" data-app="support" defer></script>
// A button in the corner opens it; the page itself is loaded when it is opened for the first time.
(() => {
  const script = document.currentScript;
  const app = script.dataset.app;
  if (!app) return console.error("parlour: the script needs data-app, the name of an app");
  const label = script.dataset.label || "Chat";
  const colour = script.dataset.colour || "#94451b";
  const button = document.createElement("button");
  button.type = "button";
  button.ariaLabel = label;
  button.ariaExpanded = "false";
  button.textContent = "💬";
  const frame = document.createElement("iframe");
  frame.title = label;
  frame.allow = "microphone; clipboard-write";
  const style = (element, rules) => Object.assign(element.style, rules);
  style(button, {
    position: "fixed", right: "20px", bottom: "20px", zIndex: "2147483000", width: "56px", height: "56px",
    border: "0", borderRadius: "50%", background: colour, color: "#fff", font: "24px/1 system-ui, sans-serif",
    cursor: "pointer", boxShadow: "0 6px 24px #0003",
  });
  style(frame, {
    position: "fixed", right: "20px", bottom: "88px", zIndex: "2147483000", display: "none", border: "0",
    width: "min(420px, calc(100vw - 40px))", height: "min(680px, calc(100dvh - 110px))", borderRadius: "16px",
    boxShadow: "0 12px 48px #0004", background: "#faf8f4",
  });
  button.addEventListener("click", () => {
    if (!frame.src) frame.src = new URL(`/chat/${encodeURIComponent(app)}`, script.src).href;
    const open = frame.style.display === "none";
    frame.style.display = open ? "block" : "none";
    button.ariaExpanded = String(open);
    button.textContent = open ? "×" : "💬";
    if (open) frame.focus();
  });
  document.body.append(frame, button);
})();
