// What the first start and the installer's pages can do besides: they work
// without it. It listens to the document, since pages are swapped under it.
(() => {
  "use strict";

  // --- The browser's own time zone, offered beside the field, and the names of all
  // others as one types. Where nobody has written one, it stands there already.
  const zones = () => {
    const part = document.querySelector("[data-zone]:not([data-ready])");
    if (!part) return;
    part.dataset.ready = "1";
    const field = document.getElementById(part.dataset.zone), own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const list = document.createElement("datalist");
    list.id = "zones";
    for (const zone of Intl.supportedValuesOf?.("timeZone") || []) list.append(new Option(zone, zone));
    part.append(list);
    field.setAttribute("list", "zones");
    if (!own || own === field.value) return;
    if (part.hasAttribute("data-guess")) { field.value = own; return; }
    const button = part.querySelector("button");
    button.querySelector("b").textContent = own;
    button.parentElement.hidden = false;
    button.addEventListener("click", () => { field.value = own; button.parentElement.hidden = true; field.focus(); });
  };

  document.addEventListener("click", (e) => { if (e.target.closest("[data-print]")) window.print(); });
  const offer = () => { for (const button of document.querySelectorAll("[data-print]")) button.hidden = false; };

  const ready = () => { zones(); offer(); };
  document.addEventListener("htmx:afterSettle", ready);
  ready();
})();
