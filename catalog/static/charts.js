"use strict";

// Plots that the server has drawn in per cent of their area: this adds boxes of text, zoom, series
// that can be put away, and names beside points where there is room for them.
for (const figure of document.querySelectorAll("figure.plot")) {
  const { svg, html, tips, hide, button } = picture;
  const LEAST = 2;
  const ZOOM = 1.6;
  const LONGEST_NAME = 40;
  const FULL = { left: 0, right: 100, top: 0, bottom: 100 };

  const plane = figure.querySelector(".plane");
  const area = figure.querySelector(".area");
  const lines = figure.querySelector(".lines");
  const axes = figure.dataset.zoom;
  const off = new Set();
  let seen = { ...FULL };

  const number = (element, name) => Number.parseFloat(element.getAttribute(name));
  const data = [...figure.querySelectorAll(".datum")].map((element) => {
    // The browser's own box of text would stand beside ours.
    element.querySelector("title").remove();
    const { look, slot } = element.dataset;
    const at = element.querySelector(".at");
    const shape = at ?? element.querySelector("rect");
    const [x, y] = [number(shape, "x"), number(shape, "y")];
    const [wide, high] = at ? [0, 0] : [number(shape, "width"), number(shape, "height")];
    const said = element.getAttribute("aria-label").split("\n");
    const isNamed = at && "named" in figure.dataset && said[0].length <= LONGEST_NAME;
    const name = isNamed ? svg("text", { class: "name" }, said[0]) : null;
    if (name) at.append(name);
    return { element, look, slot, shape, x, y, wide, high, name, said };
  });
  const ticks = [...figure.querySelectorAll(".tick")].map((element) => ({
    element,
    at: Number(element.dataset.at),
    side: element.parentNode.classList.contains("x") ? "x" : "y",
    line: element.querySelector("line"),
    text: element.querySelector("text"),
  }));

  const across = (at) => (100 * (at - seen.left)) / (seen.right - seen.left);
  const down = (at) => (100 * (at - seen.top)) / (seen.bottom - seen.top);
  const isOut = (at) => at < -0.01 || at > 100.01;
  const show = (element, on) => {
    if (on) element.removeAttribute("display");
    else element.setAttribute("display", "none");
  };

  /** Let the parts of a bar that are shown stand on each other again. */
  const stack = () => {
    const tops = new Map();
    for (const one of data) {
      if (one.slot === undefined || off.has(one.look)) continue;
      one.y = (tops.get(one.slot) ?? 100) - one.high;
      tops.set(one.slot, one.y);
    }
  };

  const place = (one) => {
    const [x, y] = [across(one.x), down(one.y)];
    one.shape.setAttribute("x", `${x}%`);
    one.shape.setAttribute("y", `${y}%`);
    if (one.wide) one.shape.setAttribute("width", `${across(one.x + one.wide) - x}%`);
    show(
      one.element,
      !off.has(one.look) && !isOut(across(one.x + one.wide / 2)) && (one.wide || !isOut(y)),
    );
  };

  const mark = ({ element, at, side, line, text }) => {
    const to = side === "x" ? across(at) : down(at);
    show(element, !isOut(to));
    for (const name of [`${side}1`, `${side}2`]) line.setAttribute(name, `${to}%`);
    text.setAttribute(side, `${to}%`);
  };

  const meets = (a, b) =>
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

  /** Name the points whose names fit beside them without covering another point or name. */
  const nameAll = () => {
    const shown = data.filter((one) => one.name && !one.element.hasAttribute("display"));
    const whole = area.ownerSVGElement.getBoundingClientRect();
    const taken = shown.map((one) => one.shape.querySelector("path").getBoundingClientRect());
    shown.forEach((one, at) => {
      const fits = [
        [11, "start"],
        [-11, "end"],
      ].some(([x, anchor]) => {
        one.name.setAttribute("x", x);
        one.name.setAttribute("y", 4);
        one.name.setAttribute("text-anchor", anchor);
        show(one.name, true);
        const box = one.name.getBoundingClientRect();
        const inside = box.left >= whole.left && box.right <= whole.right + 12;
        const free = taken.every((other, place) => place === at || !meets(box, other));
        if (inside && free) taken.push(box);
        return inside && free;
      });
      show(one.name, fits);
    });
  };

  /** Put away the names of ticks that would stand on each other. */
  const thin = () => {
    for (const side of ["x", "y"]) {
      const shown = ticks.filter(
        (one) => one.side === side && !one.element.hasAttribute("display"),
      );
      const boxes = [];
      for (const one of [...shown].sort((a, b) => isMinor(a) - isMinor(b))) {
        show(one.text, true);
        const { left, right, top, bottom } = one.text.getBoundingClientRect();
        const box = { left: left - 5, right: right + 5, top, bottom };
        const free = boxes.every((other) => !meets(box, other));
        show(one.text, free);
        if (free) boxes.push(box);
      }
    }
  };
  const isMinor = (one) => Number(one.element.classList.contains("minor"));

  const draw = () => {
    hide();
    const zoomed = Object.keys(FULL).some((side) => Math.abs(seen[side] - FULL[side]) > 0.01);
    figure.classList.toggle("zoomed", zoomed);
    data.forEach(place);
    ticks.forEach(mark);
    if (lines) {
      const { left, right, top, bottom } = seen;
      lines.setAttribute("viewBox", `${left} ${top} ${right - left} ${bottom - top}`);
      for (const line of lines.children) show(line, !off.has(line.dataset.look));
    }
    nameAll();
    thin();
    status.textContent = zoomed ? "A part of it; 0 or All shows the whole" : "";
  };

  /** Look at a part of the whole, on the axes that may be zoomed. */
  const look = (to) => {
    const range = (low, high) => {
      const long = Math.min(100, Math.max(LEAST, high - low));
      const first = Math.min(Math.max(0, low), 100 - long);
      return [first, first + long];
    };
    if (axes.includes("x")) [seen.left, seen.right] = range(to.left, to.right);
    if (axes.includes("y")) [seen.top, seen.bottom] = range(to.top, to.bottom);
    draw();
  };
  const middle = { x: 50, y: 50 };
  const zoom = (by, at = middle) => {
    const x = seen.left + ((seen.right - seen.left) * at.x) / 100;
    const y = seen.top + ((seen.bottom - seen.top) * at.y) / 100;
    look({
      left: x - (x - seen.left) / by,
      right: x + (seen.right - x) / by,
      top: y - (y - seen.top) / by,
      bottom: y + (seen.bottom - y) / by,
    });
  };
  const pan = (dx, dy) => {
    const x = ((seen.right - seen.left) * dx) / 100;
    const y = ((seen.bottom - seen.top) * dy) / 100;
    const { left, right, top, bottom } = seen;
    look({ left: left + x, right: right + x, top: top + y, bottom: bottom + y });
  };

  const here = (event) => {
    const { left, top, width, height } = area.ownerSVGElement.getBoundingClientRect();
    const share = (at, long) => Math.min(100, Math.max(0, (100 * at) / long));
    return { x: share(event.clientX - left, width), y: share(event.clientY - top, height) };
  };
  const ends = (a, b) => (a < b ? [a, b] : [b, a]);

  // A range is chosen by drawing it; a finger scrolls the page instead.
  const range = svg("rect", { class: "range", display: "none" });
  area.parentNode.append(range);
  let from = null;
  let dragged = false;
  const drawn = (event) => {
    const to = here(event);
    const [left, right] = axes.includes("x") ? ends(from.x, to.x) : [0, 100];
    const [top, bottom] = axes.includes("y") ? ends(from.y, to.y) : [0, 100];
    return { left, right, top, bottom };
  };
  plane.addEventListener("pointerdown", (event) => {
    if (event.button || event.pointerType === "touch") return;
    from = here(event);
    dragged = false;
  });
  plane.addEventListener("pointermove", (event) => {
    if (!from) return;
    const { left, right, top, bottom } = drawn(event);
    dragged ||= right - left > 1.5 && bottom - top > 1.5;
    if (!dragged) return;
    plane.setPointerCapture(event.pointerId);
    show(range, true);
    for (const [name, value] of Object.entries({
      x: left,
      y: top,
      width: right - left,
      height: bottom - top,
    })) {
      range.setAttribute(name, `${value}%`);
    }
  });
  plane.addEventListener("pointerup", (event) => {
    if (from && dragged) {
      const { left, right, top, bottom } = drawn(event);
      const x = (at) => seen.left + ((seen.right - seen.left) * at) / 100;
      const y = (at) => seen.top + ((seen.bottom - seen.top) * at) / 100;
      look({ left: x(left), right: x(right), top: y(top), bottom: y(bottom) });
    }
    show(range, false);
    from = null;
  });
  plane.addEventListener("pointercancel", () => {
    show(range, false);
    from = null;
  });
  plane.addEventListener(
    "click",
    (event) => dragged && event.detail && event.preventDefault(),
    true,
  );
  plane.addEventListener("dragstart", (event) => event.preventDefault());
  plane.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.004)), here(event));
    },
    { passive: false },
  );

  const keys = {
    "+": () => zoom(ZOOM),
    "=": () => zoom(ZOOM),
    "-": () => zoom(1 / ZOOM),
    0: () => look(FULL),
    ArrowLeft: () => pan(-15, 0),
    ArrowRight: () => pan(15, 0),
    ArrowUp: () => pan(0, -15),
    ArrowDown: () => pan(0, 15),
  };
  figure.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
    if (event.key.startsWith("Arrow") && !figure.classList.contains("zoomed")) return;
    event.preventDefault();
    keys[event.key]();
  });

  for (const item of figure.querySelectorAll(".key li")) {
    const toggle = html("button", { type: "button", "aria-pressed": "true" }, ...item.childNodes);
    toggle.addEventListener("click", () => {
      const { look: series } = item.dataset;
      const on = off.delete(series);
      if (!on) off.add(series);
      toggle.setAttribute("aria-pressed", String(on));
      stack();
      draw();
    });
    item.append(toggle);
  }

  const status = html("p", { class: "faint zoomed-says", role: "status" });
  const bar = html(
    "div",
    { class: "zoom", role: "group", "aria-label": "Zoom" },
    button("−", "Zoom out", () => zoom(1 / ZOOM)),
    button("+", "Zoom in", () => zoom(ZOOM)),
    button("All", "All of it", () => look(FULL)),
  );
  figure.querySelector(".key").after(bar, status);
  tips(plane, ".datum", (element) => data.find((one) => one.element === element).said);
  draw();
  new ResizeObserver(() => draw()).observe(plane);
}

// A bar leads to its row in the table below, which has to be open for that.
for (const link of document.querySelectorAll('.plot a[href^="#"]')) {
  link.addEventListener("click", (event) => {
    if (event.defaultPrevented) return;
    const details = document.getElementById(link.getAttribute("href").slice(1))?.closest("details");
    if (details) details.open = true;
  });
}
