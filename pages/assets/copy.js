// A button with data-copy puts the text of the element it names where one can paste
// it from. Without this the button is not there.
(() => {
  "use strict";
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const from = document.getElementById(button.dataset.copy);
      const said = document.getElementById("said");
      try {
        await navigator.clipboard.writeText(from.textContent);
        const toast = Object.assign(document.createElement("p"), { className: "toast", textContent: button.dataset.copied });
        said.replaceChildren(toast);
        setTimeout(() => toast.remove(), 7000);
      } catch { // a browser that does not let us: chosen, it is one key away
        getSelection().selectAllChildren(from);
        from.focus();
      }
    });
  }
})();
