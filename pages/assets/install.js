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

  // --- A box that starts anew: wait until its page no longer offers to, then go
  // there; after a while all the same, for then it says what is wrong.
  const waitFor = () => {
    const part = document.querySelector("[data-back]:not([data-ready])");
    if (!part) return;
    part.dataset.ready = "1";
    const to = part.dataset.back;
    let tries = 0;
    const look = async () => {
      const text = await fetch(to, { cache: "no-store", headers: { "X-Live": "1" } }).then((r) => (r.ok ? r.text() : "")).catch(() => "");
      const page = new DOMParser().parseFromString(text, "text/html");
      if (text && (++tries > 30 || !page.querySelector(`form[action="${to}"]`))) location.replace(to);
      else setTimeout(look, 500);
    };
    setTimeout(look, 500);
  };

  // --- The camera reads the MAC off a phone's label where the browser can read
  // bar codes; elsewhere it is typed.
  const digits = (text) => (text.replace(/[^0-9A-Fa-f]/g, "").length === 12 || /^[0-9A-Fa-f]{2}([:.-]?[0-9A-Fa-f]{2}){5}/.test(text.trim()) ? (text.match(/([0-9A-Fa-f]{2}[:.-]?){5}[0-9A-Fa-f]{2}/) || [])[0] : "");
  const scan = async (dialog) => {
    const video = dialog.querySelector("video"), note = dialog.querySelector("[role=status]");
    let camera = null, on = true;
    dialog.addEventListener("close", () => { on = false; camera?.getTracks().forEach((t) => t.stop()); }, { once: true });
    dialog.showModal();
    try {
      camera = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (!on) { camera.getTracks().forEach((t) => t.stop()); return; }
      video.srcObject = camera;
      await video.play();
      const reader = new window.BarcodeDetector();
      while (on) {
        for (const code of await reader.detect(video)) {
          const mac = digits(code.rawValue);
          if (on && mac) { dialog.close(); location.assign("/install/" + mac.replace(/[:.-]/g, "").toLowerCase()); return; }
        }
        await new Promise((done) => setTimeout(done, 120));
      }
    } catch {
      note.textContent = dialog.dataset.none;
    }
  };
  document.addEventListener("click", (e) => {
    const button = e.target.closest("[data-scan], [data-print]");
    if (!button) return;
    if (button.dataset.scan) scan(document.getElementById(button.dataset.scan));
    else window.print();
  });
  const offer = () => {
    const can = "BarcodeDetector" in window && navigator.mediaDevices;
    for (const button of document.querySelectorAll("[data-scan]")) button.hidden = !can;
    for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;
  };

  const ready = () => { zones(); waitFor(); offer(); };
  document.addEventListener("htmx:afterSettle", ready);
  ready();
})();
