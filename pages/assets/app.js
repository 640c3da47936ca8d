// The pages work without this. It keeps them up to date, asks before what cannot
// be taken back, and lets people sign in again without losing what they typed.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const meta = document.querySelector("meta[name=csrf]");

  // --- What is sent carries the token of this session's forms.
  document.addEventListener("htmx:configRequest", (e) => {
    if (e.detail.verb !== "get") e.detail.headers["X-CSRF"] = meta.content;
    if (e.detail.elt.hasAttribute("data-live")) e.detail.headers["X-Live"] = "1";
  });
  const renew = (token) => {
    meta.content = token;
    for (const field of document.querySelectorAll("input[name=csrf]")) field.value = token;
  };
  // A page swapped in whole brings a token of its own in its forms.
  document.addEventListener("htmx:afterSettle", () => {
    const field = document.querySelector("main input[name=csrf]");
    if (field) meta.content = field.value;
  });

  // --- The session has ended: ask for the password over the page, then send
  // again what was to be sent.
  let resend = null;
  const askAgain = (then) => {
    const over = $("over"); // a form that was boosted brings a page with one of its own
    if (!over) { location.reload(); return; }
    resend = then || resend;
    if (!over.open) { $("over-wrong").hidden = true; over.showModal(); $("over-password").focus(); }
  };
  const again = (e) => {
    const elt = e.detail.elt, event = e.detail.requestConfig.triggeringEvent;
    return () => (elt.tagName === "FORM" ? elt.requestSubmit((event && event.submitter) || undefined) : window.htmx.trigger(elt, "click"));
  };
  document.addEventListener("htmx:responseError", (e) => {
    const live = e.detail.elt.hasAttribute("data-live");
    if (e.detail.xhr.status === 401) askAgain(live ? null : again(e));
    // Another tab has signed in anew, and the forms of this one are of the session
    // before: with the same person's new token the form is sent again.
    else if (stale(e)) refetch().then((same) => (same ? again(e)() : location.reload()));
  });
  const stale = (e) => e.detail.xhr.getResponseHeader("X-Form") === "stale";
  // refetch takes the token of the browser's session of now, and says whether that
  // is the same person's.
  const refetch = async () => {
    const page = new DOMParser().parseFromString(await (await fetch("/sign-in")).text(), "text/html");
    renew(page.querySelector("meta[name=csrf]").content);
    return page.body.dataset.person === document.body.dataset.person;
  };
  // Only what the page's own session may see stays under the dialog.
  document.addEventListener("cancel", (e) => { if (e.target.id === "over") e.preventDefault(); }, true);
  document.addEventListener("submit", async (e) => {
    if (e.target.id !== "over-form") return;
    e.preventDefault();
    const wrong = $("over-wrong");
    await refetch().catch(() => null);
    const answer = await fetch("/sign-in", {
      method: "POST", headers: { "X-CSRF": meta.content, "X-Over": "1" }, body: new URLSearchParams(new FormData(e.target)),
    }).catch(() => null);
    if (!answer || answer.status !== 204) {
      wrong.textContent = answer ? await answer.text() : $("lost").textContent;
      wrong.hidden = false;
      $("over-password").select();
      return;
    }
    renew(answer.headers.get("X-CSRF"));
    $("over-password").value = "";
    $("over").close();
    const then = resend;
    resend = null;
    listen();
    if (then) then();
  });

  // --- Questions before what cannot be taken back: data-confirm on a form asks
  // it, data-more says more, data-do is what the button says.
  let asking = null; // the form it is asked about
  document.addEventListener("submit", (e) => {
    const form = e.target, ask = $("confirm");
    if (!form.dataset.confirm || form.dataset.sure) return;
    e.preventDefault();
    e.stopImmediatePropagation();
    $("confirm-q").textContent = form.dataset.confirm;
    $("confirm-more").textContent = form.dataset.more || "";
    $("confirm-do").textContent = form.dataset.do || (e.submitter ? e.submitter.textContent : "OK");
    const submitter = e.submitter;
    ask.returnValue = "no";
    asking = form;
    ask.onclose = () => {
      asking = null;
      if (ask.returnValue !== "yes") return;
      let sure = form.querySelector("input[name=sure]");
      if (!sure) { sure = Object.assign(document.createElement("input"), { type: "hidden", name: "sure" }); form.append(sure); }
      sure.value = "yes";
      form.dataset.sure = "1";
      form.requestSubmit(submitter || undefined);
      delete form.dataset.sure;
      sure.value = "";
    };
    ask.showModal();
  }, true);

  // --- Live pages: an event says that something happened, and elements with
  // data-live take their new form out of their page. data-mac narrows it to one
  // phone. A page nobody looks at lets its connection go.
  const where = document.body.dataset.events;
  let stream = null, timer = null, wait = 1000;
  const refresh = (changed) => {
    for (const elt of document.querySelectorAll("[data-live]")) {
      const mac = elt.dataset.mac;
      if (changed !== "*" && mac && !changed.includes(mac)) continue;
      if (elt.contains(document.activeElement) && document.activeElement.matches("input:not([hx-preserve]), select, textarea")) continue;
      if (elt.contains(asking)) continue;
      if (elt.querySelector("details.hold[open], dialog[open], [data-hold]:checked")) continue;
      window.htmx.trigger(elt, "live");
    }
  };
  const quiet = () => { stream?.close(); stream = null; clearTimeout(timer); };
  function listen() {
    if (!where || document.hidden || stream) return;
    clearTimeout(timer);
    stream = new EventSource(where);
    stream.addEventListener("hello", () => {
      if (!$("lost").hidden || wait > 1000) refresh("*");
      wait = 1000;
      $("lost").hidden = true;
    });
    stream.addEventListener("changed", (e) => refresh(JSON.parse(e.data)));
    stream.addEventListener("over", () => { quiet(); askAgain(null); });
    stream.onerror = () => {
      quiet();
      if ($("over")?.open) return;
      if (wait > 1000) $("lost").hidden = false;
      timer = setTimeout(listen, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, 30000);
    };
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) quiet();
    else if (where) { listen(); refresh("*"); }
  });
  addEventListener("pagehide", quiet);
  // What is refreshed in the background never replaces a page by its error.
  document.addEventListener("htmx:beforeSwap", (e) => {
    if ((e.detail.elt.hasAttribute("data-live") && e.detail.xhr.status >= 400) || stale(e)) e.detail.shouldSwap = false;
  });

  // --- Lengths of time go on (funcs.go words them alike).
  const { days, ago } = document.body.dataset;
  const span = (ms) => {
    const s = Math.max(0, Math.floor(ms / 1000)), m = Math.floor(s / 60), h = Math.floor(m / 60), d = Math.floor(h / 24);
    if (d) return `${d} ${days} ${h % 24} h`;
    if (h) return `${h} h ${m % 60} min`;
    return m ? `${m} min` : `${s} s`;
  };
  const tick = () => {
    for (const t of document.querySelectorAll("time[data-until]")) t.textContent = span(new Date(t.dateTime) - Date.now());
    for (const t of document.querySelectorAll("time[data-ago]")) t.textContent = ago.replace("%s", span(Date.now() - new Date(t.dateTime)));
  };
  setInterval(tick, 5000);

  // --- Boxes of a list: data-every ticks all of a name. Lines of a form: they are
  // added, moved and removed here, so that nothing written in them is lost.
  document.addEventListener("change", (e) => {
    const name = e.target.dataset.every;
    if (!name) return;
    for (const box of document.querySelectorAll(`input[type=checkbox][name="${name}"]`)) box.checked = e.target.checked;
  });
  document.addEventListener("click", (e) => {
    const button = e.target.closest("[data-line]");
    if (!button) return;
    e.preventDefault();
    const line = button.closest("fieldset"), lines = button.closest("form").querySelector("[data-lines]");
    if (button.dataset.line === "add") {
      lines.append(document.querySelector("[data-line-new]").content.cloneNode(true));
      lines.lastElementChild.querySelector("input").focus();
      return;
    }
    if (button.dataset.line === "remove") {
      line.remove();
      lines.parentElement.querySelector("[data-line=add]").focus();
      return;
    }
    if (button.dataset.line === "up") line.previousElementSibling?.before(line);
    else line.nextElementSibling?.after(line);
    button.focus();
  });

  // --- Small things: toasts go by themselves, the menu shuts, the first field
  // that is wrong is where one goes on.
  const settle = () => {
    const toast = document.querySelector(".toast");
    if (toast) setTimeout(() => toast.remove(), 7000);
    document.querySelector("[aria-invalid=true]")?.focus();
  };
  document.addEventListener("keydown", (e) => {
    const menu = document.querySelector(".menu[open]");
    if (e.key === "Escape" && menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });
  document.addEventListener("click", (e) => {
    const menu = document.querySelector(".menu[open]");
    if (menu && !menu.contains(e.target)) menu.open = false;
  });
  document.addEventListener("htmx:afterSettle", settle);

  // --- The box starts anew: go on once it was away and is back, or never went.
  const back = document.querySelector("[data-back]");
  const since = Date.now();
  let away = false;
  const look = () => fetch("/sign-in", { cache: "no-store" }).then((r) => {
    if (r.ok && (away || Date.now() - since > 10000)) location.assign(back.dataset.back);
    else setTimeout(look, 500);
  }, () => { away = true; setTimeout(look, 500); });
  if (back) look();
  settle();
  listen();
})();
