// A form with a large file (data-upload) is sent twice: first without the file, so
// that what the box would refuse it for is said before it has gone, then whole,
// with its way shown. Without this the form is sent once, as any other.
(() => {
  "use strict";
  const ours = (e) => e.detail.elt instanceof HTMLFormElement && e.detail.elt.hasAttribute("data-upload") && e.detail.elt;
  const mib = (n) => (n / 1048576).toFixed(n < 10485760 ? 1 : 0);
  let sending = null;

  document.addEventListener("htmx:configRequest", (e) => {
    const form = ours(e);
    if (!form || form.dataset.checked) return;
    const file = form.querySelector("input[type=file]").files[0], data = e.detail.formData;
    data.delete("file");
    data.set("check", "yes");
    if (file) { data.set("own", file.name); data.set("size", file.size); }
  });

  const show = (form, is) => {
    sending = is ? form : null;
    form.setAttribute("aria-busy", is);
    form.querySelector("[data-upload-way]").hidden = !is;
    if (is) progress(form, 0, 0);
  };
  const progress = (form, loaded, total) => {
    const bar = form.querySelector("progress"), said = form.querySelector("[data-upload-said]");
    if (total && loaded >= total) {
      bar.removeAttribute("value"); // the box compares and writes what it has
      said.textContent = form.dataset.checkedWords;
      return;
    }
    bar.value = total ? (100 * loaded) / total : 0;
    said.textContent = total ? `${Math.floor(bar.value)} % · ${mib(loaded)} / ${mib(total)} MiB` : "";
  };
  document.addEventListener("htmx:beforeSend", (e) => {
    const form = ours(e);
    if (form && form.dataset.checked) show(form, true);
  });
  document.addEventListener("htmx:xhr:progress", (e) => {
    const form = ours(e);
    // The answer's own way is told by the same event; it is short.
    if (form && form === sending && e.detail.lengthComputable && e.detail.total >= form.querySelector("input[type=file]").files[0].size) {
      progress(form, e.detail.loaded, e.detail.total);
    }
  });
  // Before the answer is looked at, which may lead to another page.
  document.addEventListener("htmx:beforeOnLoad", (e) => {
    if (ours(e) === sending && sending) show(sending, false);
  });
  document.addEventListener("htmx:afterRequest", (e) => {
    const form = ours(e);
    if (!form) return;
    const status = e.detail.xhr.status;
    if (!form.dataset.checked && status === 204) {
      form.dataset.checked = "1";
      setTimeout(() => form.requestSubmit(), 0);
      return;
    }
    if (form.dataset.checked) {
      delete form.dataset.checked;
      show(form, false);
    }
  });
  document.addEventListener("click", (e) => {
    if (e.target.closest("[data-upload-stop]") && sending) {
      const form = sending;
      window.htmx.trigger(form, "htmx:abort");
      document.getElementById("said").innerHTML = "";
      const toast = document.createElement("p");
      toast.className = "toast";
      toast.textContent = form.dataset.stoppedWords;
      document.getElementById("said").append(toast);
      setTimeout(() => toast.remove(), 7000);
    }
  });
  addEventListener("beforeunload", (e) => { if (sending) e.preventDefault(); });
})();
