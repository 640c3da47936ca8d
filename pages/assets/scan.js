// The camera reads the MAC off a phone's label, where the browser reads bar codes
// and the camera may be used; else the MAC is typed.
(() => {
  "use strict";

  // Codes of shops are on every box, and twelve of their digits are no MAC.
  const shops = ["ean_8", "ean_13", "upc_a", "upc_e", "itf"];

  // The MACs in a text: six pairs or three fours of hex digits, joined by one sign
  // or by none, that are not part of a longer word. A mark before one says that the
  // text calls it a MAC, as in "MAC: 00:15:…" or "SN=…;MACADDR=…".
  const mark = "\u0001", form = /(?<![0-9a-z])(?:[0-9a-f]{2}([:. _-]?)(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|[0-9a-f]{4}([.:-])[0-9a-f]{4}\2[0-9a-f]{4})(?![0-9a-z])/gi;
  const within = (text) => {
    text = text.replace(/(?<![0-9a-z])mac(?:[ _-]?(?:addr(?:ess)?|id))?[\s:=#"]*/gi, " " + mark);
    return [...text.matchAll(form)].map((m) => ({ mac: m[0].replace(/[^0-9a-f]/gi, "").toLowerCase(), said: text[m.index - 1] === mark }))
      .filter((m) => !(parseInt(m.mac.slice(0, 2), 16) & 1) && !/^0+$/.test(m.mac)); // a group's address, or none
  };

  // What a picture's codes say: those called a MAC, or else all that could be one.
  const macs = (codes) => {
    const all = codes.filter((c) => !shops.includes(c.format)).flatMap((c) => within(c.rawValue)), said = all.filter((m) => m.said);
    return [...new Set((said.length ? said : all).map((m) => m.mac))].sort();
  };

  const go = (mac) => location.assign("/install/" + mac);

  // Several phones or ports in one picture: the person chooses.
  const choose = (dialog, list) => {
    dialog.querySelector("video").hidden = true;
    dialog.querySelector("[role=status]").textContent = dialog.dataset.several;
    dialog.querySelector("ul").replaceChildren(...list.map((mac) => {
      const li = document.createElement("li"), button = document.createElement("button");
      button.type = "button";
      button.className = "mono wide";
      button.textContent = mac.match(/../g).join(":");
      button.addEventListener("click", () => go(mac));
      li.append(button);
      return li;
    }));
    dialog.querySelector("ul button").focus();
  };

  // Looks until two pictures running say the same: the first may have caught half
  // of the label.
  const read = async (video, on) => {
    const reader = new window.BarcodeDetector();
    for (let before = ""; on();) {
      const list = macs(await reader.detect(video));
      if (list.length && list.join() === before) return list;
      before = list.join();
      await new Promise((done) => setTimeout(done, 120));
    }
    return [];
  };

  // What is said where the camera cannot be used, by the name of the browser's error.
  const whyNot = { NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "none", OverconstrainedError: "none" };

  const scan = async (dialog) => {
    const video = dialog.querySelector("video"), note = dialog.querySelector("[role=status]");
    let camera = null, on = true;
    const stop = () => { on = false; camera?.getTracks().forEach((t) => t.stop()); };
    dialog.addEventListener("close", () => { stop(); document.getElementById("q")?.focus(); }, { once: true });
    dialog.querySelector("ul").replaceChildren();
    note.textContent = dialog.dataset.text;
    video.hidden = false;
    dialog.showModal();
    try {
      camera = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (!on) { stop(); return; }
      video.srcObject = camera;
      await video.play();
      const list = await read(video, () => on);
      if (!list.length) return;
      stop();
      if (list.length === 1) go(list[0]);
      else choose(dialog, list);
    } catch (e) {
      if (!on) return; // it was closed meanwhile
      stop();
      video.hidden = true;
      note.textContent = dialog.dataset[whyNot[e.name] || "broken"];
    }
  };

  document.addEventListener("click", (e) => {
    const button = e.target.closest("[data-scan]");
    if (button) scan(document.getElementById(button.dataset.scan));
  });

  // Some browsers have the reader and no code it can read. Without TLS there is no
  // camera for any page.
  const offer = async () => {
    const formats = navigator.mediaDevices && (await window.BarcodeDetector?.getSupportedFormats?.().catch(() => [])) || [];
    for (const button of document.querySelectorAll("[data-scan]")) button.hidden = !formats.length;
    for (const note of document.querySelectorAll("[data-noscan]")) note.hidden = formats.length > 0;
  };
  document.addEventListener("htmx:afterSettle", offer);
  offer();
})();
