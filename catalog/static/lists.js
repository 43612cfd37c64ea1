// What pointing does better than typing in a list: sliders for ranges, long filters folded, and a
// count of the cards ticked for comparison. Without it every field is there to be typed into.
"use strict";

(() => {
  const FEWEST = 2;
  const MOST = 6;
  const STEPS = 1000;

  document.documentElement.classList.add("js");

  for (const section of document.querySelectorAll(".facets section")) fold(section);
  for (const range of document.querySelectorAll(".range")) slide(range);
  for (const form of document.querySelectorAll("form[action='/compare']")) count(form);

  // A filter with many values shows the first ones, and a button for the rest.
  function fold(section) {
    const rest = section.querySelectorAll(".later").length;
    if (rest < 2) {
      section.classList.add("open");
      return;
    }
    const button = document.createElement("button");
    button.type = "button";
    button.className = "toggle";
    const say = () => {
      const isOpen = section.classList.contains("open");
      button.setAttribute("aria-expanded", String(isOpen));
      button.textContent = isOpen ? "fewer" : `${rest} more`;
    };
    button.addEventListener("click", () => {
      section.classList.toggle("open");
      say();
    });
    say();
    section.append(button);
  }

  // Two thumbs over the text fields; sizes span many powers of ten, so their scale is logarithmic.
  function slide(range) {
    const smallest = Number(range.dataset.smallest);
    const largest = Number(range.dataset.largest);
    if (!(largest > smallest)) return;
    const isYear = range.dataset.name === "year";
    const isLog = !isYear && smallest > 0;
    const ends = isLog ? [Math.log10(smallest), Math.log10(largest)] : [smallest, largest];
    const steps = isYear ? largest - smallest : STEPS;
    const fields = [...range.querySelectorAll(".ends input")];
    const box = document.createElement("div");
    box.className = "slider";
    const thumbs = fields.map((field, at) => {
      const thumb = document.createElement("input");
      thumb.type = "range";
      thumb.min = "0";
      thumb.max = String(steps);
      thumb.setAttribute("aria-label", field.parentElement.textContent.trim());
      thumb.value = String(place(read(field.value), at));
      say(thumb, field);
      thumb.addEventListener("input", () => {
        const other = Number(thumbs[1 - at].value);
        const mine = at === 0 ? Math.min(thumb.value, other) : Math.max(thumb.value, other);
        thumb.value = String(mine);
        field.value = mine === (at === 0 ? 0 : steps) ? "" : String(value(mine));
        say(thumb, field);
      });
      thumb.addEventListener("change", () => range.form.requestSubmit());
      box.append(thumb);
      return thumb;
    });
    range.append(box);

    function say(thumb, field) {
      thumb.setAttribute("aria-valuetext", field.value || field.placeholder);
    }

    function place(number, at) {
      if (number === null) return at === 0 ? 0 : steps;
      const scaled = isLog ? Math.log10(Math.max(number, smallest)) : number;
      const share = (scaled - ends[0]) / (ends[1] - ends[0]);
      return Math.round(Math.min(1, Math.max(0, share)) * steps);
    }

    // Two digits are as fine as anybody wants to point.
    function value(position) {
      const scaled = ends[0] + (position / steps) * (ends[1] - ends[0]);
      if (!isLog) return Math.round(scaled);
      const power = 10 ** Math.max(0, Math.floor(scaled) - 1);
      return Math.round(10 ** scaled / power) * power;
    }
  }

  // Numbers as people write them: 52000, 52k, 1.5M, 52,002.
  function read(text) {
    const found = /^([0-9][0-9,]*(?:\.[0-9]+)?)\s*([kmb]?)$/i.exec(text.trim());
    if (!found) return null;
    const power = { "": 1, k: 1e3, m: 1e6, b: 1e9 }[found[2].toLowerCase()];
    return Number(found[1].replaceAll(",", "")) * power;
  }

  function count(form) {
    const button = form.querySelector("button");
    const boxes = [...form.querySelectorAll("input[name='card']")];
    const says = button.textContent;
    const update = () => {
      const ticked = boxes.filter((box) => box.checked).length;
      button.disabled = ticked < FEWEST || ticked > MOST;
      button.textContent = ticked ? `Compare ${ticked} ${ticked === 1 ? "card" : "cards"}` : says;
      for (const box of boxes) box.disabled = !box.checked && ticked >= MOST;
    };
    form.addEventListener("change", update);
    update();
  }
})();
