"use strict";
(() => {
  const find = (id) => document.getElementById(id);
  const filter = find("filter");
  if (!filter) return;
  const steps = Array.from(document.querySelectorAll("#steps .step[data-action]"));
  const texts = steps.map((step) => step.textContent.toLowerCase());
  const boxes = Array.from(filter.querySelectorAll("fieldset input"));
  const words = find("words"), kind = find("kind"), people = find("people-only"), open = find("open-all"), told = find("shown");

  const show = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const actions = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let shown = 0;
    steps.forEach((step, at) => {
      const has = step.dataset;
      const fits = actions.has(has.action) && (!kind.value || has.kind === kind.value) && (!people.checked || "people" in has);
      step.hidden = !(fits && wanted.every((word) => texts[at].includes(word)));
      if (!step.hidden) shown += 1;
    });
    told.textContent = shown === steps.length ? `all ${steps.length} shown` : `${shown} of ${steps.length} shown`;
  };
  open.addEventListener("click", () => {
    const all = steps.filter((step) => !step.hidden);
    const close = all.every((step) => step.open);
    all.forEach((step) => { step.open = !close; });
  });
  filter.addEventListener("input", show);
  // What a browser remembers of the fields after a reload is heeded.
  window.addEventListener("pageshow", show);
  filter.hidden = false;
  show();
})();
