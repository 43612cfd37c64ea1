"use strict";

// The lineage page's picture: what the page carries as JSON, laid out by dagre from left to right.
(() => {
  const { svg, html, tips, hide, button } = picture;
  const { WIDE, HIGH, clip, wrapped, placed, path } = layout;
  const MOST = 100;
  const MOST_NAMED = 45;
  const READABLE = document.documentElement.clientWidth < 700 ? 0.85 : 0.7;
  const TALLEST = 640;
  const KINDS = ["file", "dataset", "mixture", "benchmark", "recipe", "model", "scores"];

  const data = JSON.parse(document.getElementById("lineage-data").textContent);
  const start = data.start;
  const whole = kin.read(data);
  const place = document.getElementById("graph");
  const title = place.dataset.title;
  const opened = new Set();
  const wish = {
    kinds: new Set([...whole.nodes.values()].map((node) => node.kind)),
    proofs: new Set(whole.edges.map((edge) => edge.proof)),
    hops: Infinity,
    fold: true,
    named: null,
  };

  const scene = svg("g");
  const canvas = svg("svg", { role: "group", "aria-label": `Lineage of ${title}` }, heads(), scene);
  const view = html(
    "div",
    {
      class: "canvas",
      tabindex: "0",
      role: "region",
      "aria-label": "Picture of the lineage; arrow keys move it, + and - zoom, 0 shows all of it",
    },
    canvas,
  );
  const status = html("p", { class: "graphstatus faint", role: "status" });
  const camera = frame(view, scene);
  let drawn = { nodes: new Map(), lines: [], boxes: new Map() };

  /** Make the arrow heads, one of each colour. */
  function heads() {
    const made = kin.PROOFS.map((proof) =>
      svg(
        "marker",
        {
          id: `tip-${proof}`,
          class: `head ${proof}`,
          viewBox: "0 0 8 8",
          refX: 5,
          refY: 4,
          markerWidth: 8,
          markerHeight: 8,
          markerUnits: "userSpaceOnUse",
          orient: "auto",
        },
        svg("path", { d: "M0,0.5 L8,4 L0,7.5 z" }),
      ),
    );
    return svg("defs", {}, ...made);
  }

  const count = (number, one, many = `${one}s`) =>
    `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

  /** Name a box: what is written on it, then what is not. */
  const said = (node, words, lines) => {
    const written = `${node.kind} ${words.join(" ")}`;
    if (node.members) return `${written}; folded, open them`;
    const from = lines.filter((line) => line.target === node.name).length;
    const to = lines.filter((line) => line.source === node.name).length;
    const full = words.at(-1).endsWith("…") ? `; ${clip(node.title, 160)}` : "";
    return `${written}${full}; from ${from}, to ${to}`;
  };

  /** Draw one thing: a link to its page, a bundle that opens, or a file, which has no page. */
  const boxed = (node, { x, y }, lines) => {
    const words = wrapped(node.title, WIDE - 28, "500 12.5px", 2);
    const parts = [
      ...(node.members
        ? [svg("rect", { class: "under", x: 4, y: 4, width: WIDE, height: HIGH, rx: 7 })]
        : []),
      svg("rect", { class: "body", width: WIDE, height: HIGH, rx: 7 }),
      svg("rect", { class: "stripe", x: 0, y: 8, width: 4, height: HIGH - 16, rx: 2 }),
      svg("text", { class: "boxkind", x: 14, y: 17 }, node.kind),
      // The spaces part the words for those who hear them.
      ...words.flatMap((word, at) => [
        " ",
        svg(
          "text",
          { class: "boxtitle", x: 14, y: (words.length === 1 ? 39 : 33) + 15.5 * at },
          word,
        ),
      ]),
    ];
    const given = {
      class: `box ${node.kind}${node.name === start ? " start" : ""}${node.members ? " bundle" : ""}`,
      transform: `translate(${x - WIDE / 2},${y - HIGH / 2})`,
    };
    const label = said(node, words, lines);
    if (node.members)
      return svg("g", { ...given, role: "button", tabindex: 0, "aria-label": label }, ...parts);
    if (node.href) return svg("a", { ...given, href: node.href, "aria-label": label }, ...parts);
    return svg("g", { ...given, role: "img", tabindex: 0, "aria-label": label }, ...parts);
  };

  const linked = (line, boxes, named) => {
    const made = svg(
      "g",
      { class: "link" },
      svg("path", { class: "reach", d: path(line, boxes) }),
      svg("path", {
        class: `arrow ${line.proof}`,
        d: path(line, boxes),
        "marker-end": `url(#tip-${line.proof})`,
      }),
    );
    if (named) {
      made.append(
        svg("rect", {
          class: "plate",
          x: line.x - line.width / 2 + 2,
          y: line.y - 8,
          width: line.width - 4,
          height: 16,
        }),
        svg(
          "text",
          { class: "relation", x: line.x, y: line.y + 4, "text-anchor": "middle" },
          line.label,
        ),
      );
    }
    return made;
  };

  const draw = () => {
    hide();
    const wanted = kin.wanted(whole, start, wish);
    const shown = kin.nearest(kin.bundled(wanted, start, wish.fold ? opened : everything), MOST);
    const named = wish.named ?? shown.lines.length <= MOST_NAMED;
    const { boxes, links, size } = placed(shown, named);
    const elements = new Map();
    const arrows = links.map((line) => {
      const element = linked(line, boxes, named);
      elements.set(element, line);
      return element;
    });
    // Tab goes through the columns from left to right, each from above.
    const order = [...shown.nodes.values()].sort((a, b) => {
      const [one, other] = [boxes.get(a.name), boxes.get(b.name)];
      return Math.round(one.x - other.x) || one.y - other.y;
    });
    const things = order.map((node) => {
      const element = boxed(node, boxes.get(node.name), shown.lines);
      elements.set(element, node);
      return element;
    });
    scene.replaceChildren(...arrows, ...things);
    drawn = { ...shown, boxes, elements };
    camera.resize(size);
    const scale = Math.min(1, view.clientWidth / size.width);
    const tall = size.height * Math.max(scale, READABLE);
    view.style.height = `${Math.min(TALLEST, Math.max(180, tall + 8))}px`;
    if (Math.min(scale, view.clientHeight / size.height) >= READABLE) camera.fit();
    else camera.read(boxes.get(start), Math.max(READABLE, Math.min(scale, 1)));
    namesBox.checked = named;
    report(wanted, shown);
  };

  const everything = { has: () => true };

  /** Say how much of the whole is to be seen, and where the rest is. */
  const report = (wanted, shown) => {
    const hidden = whole.nodes.size - wanted.nodes.size;
    const bundles = [...shown.nodes.values()].filter((node) => node.members);
    const folded = bundles.reduce((sum, node) => sum + node.members.length, 0);
    const cut = shown.cut.reduce((sum, node) => sum + (node.members?.length ?? 1), 0);
    const links = whole.edges.length - wanted.edges.length;
    const parts = [`${count(whole.nodes.size, "thing")}, ${count(whole.edges.length, "link")}`];
    if (hidden || links)
      parts.push(`filters hide ${count(hidden, "thing")} and ${count(links, "link")}`);
    if (folded) parts.push(`${folded} folded into ${count(bundles.length, "box", "boxes")}`);
    if (cut)
      parts.push(`${count(cut, "more thing")} farther away not drawn: filter, or read the table`);
    status.textContent = `${parts.join(" · ")}.`;
  };

  /** Dim what has no part in how a thing came to be, or in what became of it. */
  const light = (element) => {
    const node = drawn.elements.get(element);
    canvas.classList.toggle("lit", Boolean(node));
    if (!node) return;
    const graph = { edges: drawn.lines };
    const before = kin.walk(graph, node.name, "source");
    const after = kin.walk(graph, node.name, "target");
    const both = (line, found) => found.has(line.source) && found.has(line.target);
    for (const [one, thing] of drawn.elements) {
      const on = thing.name
        ? before.has(thing.name) || after.has(thing.name)
        : both(thing, before) || both(thing, after);
      one.classList.toggle("on", on);
    }
  };

  const lines = (element) => {
    const thing = drawn.elements.get(element);
    if (thing.members) {
      const names = thing.members.slice(0, 12).map((node) => clip(node.title, 80));
      const more = thing.members.length - names.length;
      return [thing.title, ...names, ...(more ? [`and ${more} more`] : []), "Click to open them"];
    }
    if (thing.name) {
      const hash = thing.sha256 ? [`sha256 ${thing.sha256.slice(0, 16)}…`] : [];
      const steps = thing.name === start ? [] : [`${count(thing.hops, "step")} away`];
      return [thing.title, [thing.kind, ...steps].join(", "), ...hash];
    }
    const title = (name) => clip(drawn.nodes.get(name).title, 80);
    const known = thing.edges.map(
      (edge) => `${edge.relation}: ${edge.proof}${edge.place ? `, ${edge.place}` : ""}`,
    );
    return [`${title(thing.source)} → ${title(thing.target)}`, ...new Set(known)];
  };

  const open = (element) => {
    const node = drawn.elements.get(element);
    if (!node?.members) return;
    opened.add(node.name);
    draw();
    const first = [...drawn.elements].find(([, thing]) => thing.name === node.members[0].name);
    first?.[0].focus();
  };

  /** Return the thing that an arrow key leads to: along a line, or up and down its column. */
  const beside = (name, key) => {
    const at = drawn.boxes.get(name);
    const ends = { ArrowLeft: ["target", "source"], ArrowRight: ["source", "target"] }[key];
    const sign = key === "ArrowUp" ? -1 : 1;
    const names = ends
      ? drawn.lines.filter((line) => line[ends[0]] === name).map((line) => line[ends[1]])
      : [...drawn.boxes]
          .filter(([, box]) => Math.abs(box.x - at.x) < 9 && sign * (box.y - at.y) > 1)
          .map(([one]) => one);
    const far = (one) => Math.abs(drawn.boxes.get(one).y - at.y);
    return names.sort((a, b) => far(a) - far(b))[0];
  };

  // On the HTML around the SVG: Chromium puts an SVG that listens for focus among what Tab reaches.
  canvas.addEventListener("pointerover", (event) => light(event.target.closest(".box")));
  canvas.addEventListener("pointerleave", () => light(null));
  view.addEventListener("focusout", () => light(null));
  view.addEventListener("focusin", (event) => {
    const element = event.target.closest(".box");
    if (!element) return;
    light(element);
    const { x, y } = drawn.boxes.get(drawn.elements.get(element).name);
    camera.reveal({ x: x - WIDE / 2, y: y - HIGH / 2, width: WIDE, height: HIGH });
  });
  canvas.addEventListener(
    "click",
    (event) => !event.defaultPrevented && open(event.target.closest(".bundle")),
  );
  canvas.addEventListener("keydown", (event) => {
    const element = event.target.closest(".box");
    if (!element) return;
    if ((event.key === "Enter" || event.key === " ") && element.matches(".bundle")) {
      event.preventDefault();
      open(element);
    }
    if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    const next = beside(drawn.elements.get(element).name, event.key);
    [...drawn.elements].find(([, thing]) => next && thing.name === next)?.[0].focus();
  });
  tips(view, ".box, .link", lines);

  const checkbox = (name, checked, act) => {
    const input = html("input", { type: "checkbox" });
    input.checked = checked;
    input.addEventListener("change", () => act(input.checked));
    return [input, html("label", {}, input, html("span", {}, name))];
  };
  const choices = (legend, names, chosen, tell = (name) => name) => {
    const made = names.map((name) => {
      const set = (on) => {
        chosen[on ? "add" : "delete"](name);
        draw();
      };
      const [, label] = checkbox(tell(name), true, set);
      label.classList.add(name);
      return label;
    });
    return html("fieldset", {}, html("legend", {}, legend), ...made);
  };

  const [namesBox, names] = checkbox("Name the links", true, (on) => {
    wish.named = on;
    draw();
  });
  const [, fold] = checkbox("Fold what hangs alike", true, (on) => {
    wish.fold = on;
    opened.clear();
    draw();
  });
  const farthest = Math.max(
    0,
    ...[...whole.nodes.values()].map((node) => node.hops).filter(Number.isFinite),
  );
  const steps = html("select", {}, html("option", { value: "Infinity" }, "any number"));
  for (let at = 1; at < farthest; at += 1)
    steps.append(html("option", { value: at }, `at most ${at}`));
  steps.addEventListener("change", () => {
    wish.hops = Number(steps.value);
    draw();
  });

  const tally = (many, one) => many.filter((item) => item === one).length;
  const kinds = [...whole.nodes.values()].map((node) => node.kind);
  const proofs = whole.edges.map((edge) => edge.proof);
  const bar = html(
    "div",
    { class: "graphbar" },
    html(
      "div",
      { class: "zoom", role: "group", "aria-label": "Zoom" },
      button("−", "Zoom out", camera.narrower),
      button("+", "Zoom in", camera.wider),
      button("Fit", "Fit all of it in", camera.fit),
    ),
    choices(
      "Things",
      KINDS.filter((kind) => wish.kinds.has(kind)),
      wish.kinds,
      (kind) => `${kind} ${tally(kinds, kind)}`,
    ),
    choices(
      "Links",
      kin.PROOFS.filter((proof) => wish.proofs.has(proof)),
      wish.proofs,
      (proof) => `${proof} ${tally(proofs, proof)}`,
    ),
    html(
      "fieldset",
      {},
      html("legend", {}, "Drawing"),
      names,
      fold,
      html("label", {}, html("span", {}, "Steps"), steps),
    ),
  );

  // The pictures that need no script have done their work.
  for (const one of place.querySelectorAll(".picture, .flowlist")) one.remove();
  place.prepend(bar, view, status);
  draw();
  let room = view.clientWidth;
  window.addEventListener("resize", () => {
    if (view.clientWidth === room) return;
    room = view.clientWidth;
    draw();
  });
})();
