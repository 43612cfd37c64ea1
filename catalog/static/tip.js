"use strict";

// What pictures share: elements of SVG, one box of text that follows the pointer or the focus, and
// the buttons of a toolbar. Text goes in as text only, never as markup.
const picture = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const LONGEST = 300;

  /** Make an element of SVG (`svg`) or of HTML (`html`) with attributes and children. */
  const make =
    (space) =>
    (name, given = {}, ...inner) => {
      const made = space ? document.createElementNS(space, name) : document.createElement(name);
      for (const [key, value] of Object.entries(given)) {
        if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value);
      }
      made.append(...inner);
      return made;
    };
  const svg = make(SVG);
  const html = make(null);

  /** Cut a text that would fill the screen. */
  const clipped = (text) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

  let box = null;

  /** Show lines of text beside an element or a point; the first line is the name of the thing. */
  const show = (lines, near) => {
    box ??= document.body.appendChild(html("div", { class: "tip", "aria-hidden": "true" }));
    box.replaceChildren(...lines.map((line) => html("p", { dir: "auto" }, clipped(line))));
    box.hidden = false;
    const room = document.documentElement.clientWidth;
    const { width, height } = box.getBoundingClientRect();
    const left = Math.max(8, Math.min(near.x + 14, room - width - 8));
    const below = near.y + 16 + height <= window.innerHeight;
    // Set one by one: the content security policy lets no style attribute pass.
    box.style.left = `${left + window.scrollX}px`;
    box.style.top = `${(below ? near.y + 16 : Math.max(8, near.y - height - 12)) + window.scrollY}px`;
  };

  const hide = () => {
    if (box) box.hidden = true;
  };

  /**
   * Show `lines(element)` while the pointer or the focus is on an element that `selector` finds.
   *
   * `root` is of HTML: Chromium puts an SVG that listens for focus among what Tab reaches.
   */
  const tips = (root, selector, lines) => {
    const found = (event) => event.target.closest?.(selector);
    root.addEventListener("pointermove", (event) => {
      const on = found(event);
      if (on) show(lines(on), { x: event.clientX, y: event.clientY });
      else hide();
    });
    root.addEventListener("pointerleave", hide);
    root.addEventListener("focusin", (event) => {
      const on = found(event);
      if (!on || !on.matches(":focus-visible")) return;
      const at = on.getBoundingClientRect();
      show(lines(on), { x: at.left, y: at.bottom - 10 });
    });
    root.addEventListener("focusout", hide);
    root.addEventListener("keydown", (event) => event.key === "Escape" && hide());
  };

  /** Return a button with a sign and a name. */
  const button = (sign, name, act) => {
    const made = html("button", { type: "button", "aria-label": name, title: name }, sign);
    made.addEventListener("click", act);
    return made;
  };

  return { svg, html, tips, hide, button };
})();
