"use strict";

// A picture that is larger than its frame: drag, wheel with ctrl, two fingers, buttons and keys
// move and zoom it. `scene` is the group inside the SVG that moves.
const frame = (() => {
  const LEAST = 0.15;
  const MOST = 3;
  const STEP = 1.3;
  const between = (low, value, high) => Math.min(Math.max(low, value), Math.max(low, high));

  return (view, scene) => {
    let k = 1;
    let x = 0;
    let y = 0;
    let size = { width: 1, height: 1 };
    const apply = () => {
      // A corner of the picture always stays in sight.
      x = between(60 - size.width * k, x, view.clientWidth - 60);
      y = between(60 - size.height * k, y, view.clientHeight - 60);
      scene.setAttribute(
        "transform",
        `translate(${x.toFixed(1)},${y.toFixed(1)}) scale(${k.toFixed(4)})`,
      );
    };
    const zoom = (by, at = { x: view.clientWidth / 2, y: view.clientHeight / 2 }) => {
      const next = between(LEAST, k * by, MOST);
      x = at.x - ((at.x - x) * next) / k;
      y = at.y - ((at.y - y) * next) / k;
      k = next;
      apply();
    };
    const move = (dx, dy) => {
      x += dx;
      y += dy;
      apply();
    };
    const fit = () => {
      k = Math.min(view.clientWidth / size.width, view.clientHeight / size.height, 1);
      x = (view.clientWidth - size.width * k) / 2;
      y = (view.clientHeight - size.height * k) / 2;
      apply();
    };
    /** Show a place as large as it takes to read it, with no empty room beside the picture. */
    const read = (place, scale) => {
      k = scale;
      const room = (whole, wide, at) =>
        wide * k < whole
          ? (whole - wide * k) / 2
          : between(whole - wide * k, whole / 2 - at * k, 0);
      x = room(view.clientWidth, size.width, place.x);
      y = room(view.clientHeight, size.height, place.y);
      apply();
    };
    /** Bring a box into sight. */
    const reveal = ({ x: left, y: top, width, height }) => {
      const edge = 12;
      const shift = (at, long, whole) => {
        if (at < edge) return edge - at;
        return at + long > whole - edge ? whole - edge - at - long : 0;
      };
      move(
        shift(x + left * k, width * k, view.clientWidth),
        shift(y + top * k, height * k, view.clientHeight),
      );
    };

    const here = (event) => {
      const { left, top } = view.getBoundingClientRect();
      return { x: event.clientX - left, y: event.clientY - top };
    };
    view.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.004)), here(event));
      },
      { passive: false },
    );

    const fingers = new Map();
    let moved = 0;
    view.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      fingers.set(event.pointerId, here(event));
      moved = 0;
    });
    view.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      const now = here(event);
      moved += Math.hypot(now.x - before.x, now.y - before.y);
      if (moved < 5) return;
      view.setPointerCapture(event.pointerId);
      const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        const apart = (one) => Math.hypot(one.x - other.x, one.y - other.y) || 1;
        zoom(apart(now) / apart(before), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
      } else {
        move(now.x - before.x, now.y - before.y);
      }
      fingers.set(event.pointerId, now);
    });
    for (const name of ["pointerup", "pointercancel"]) {
      view.addEventListener(name, (event) => fingers.delete(event.pointerId));
    }
    // The end of a drag is no click on the link that it began on.
    view.addEventListener(
      "click",
      (event) => moved >= 5 && event.detail && event.preventDefault(),
      true,
    );
    view.addEventListener("dragstart", (event) => event.preventDefault());

    const keys = {
      "+": () => zoom(STEP),
      "=": () => zoom(STEP),
      "-": () => zoom(1 / STEP),
      0: fit,
      ArrowLeft: () => move(60, 0),
      ArrowRight: () => move(-60, 0),
      ArrowUp: () => move(0, 60),
      ArrowDown: () => move(0, -60),
    };
    view.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
      if (event.key.startsWith("Arrow") && event.target !== view) return;
      event.preventDefault();
      keys[event.key]();
    });

    return {
      fit,
      read,
      reveal,
      wider: () => zoom(STEP),
      narrower: () => zoom(1 / STEP),
      resize: (next) => {
        size = next;
      },
    };
  };
})();
