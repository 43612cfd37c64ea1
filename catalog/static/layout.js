"use strict";

// Where the boxes and lines of a lineage lie: dagre's layers, from left to right.
const layout = (() => {
  const WIDE = 184;
  const HIGH = 58;
  const LONGEST = 160;

  const pen = document.createElement("canvas").getContext("2d");
  const family = getComputedStyle(document.body).fontFamily;
  const width = (text, font) => {
    pen.font = `${font} ${family}`;
    return pen.measureText(text).width;
  };

  /** Break a text into at most `most` lines of a width; what is left over ends in `…`. */
  const wrapped = (text, room, font, most) => {
    const made = [];
    let line = "";
    for (const word of text.slice(0, LONGEST).split(/\s+/)) {
      const longer = line ? `${line} ${word}` : word;
      if (!line || width(longer, font) <= room) line = longer;
      else {
        made.push(line);
        line = word;
      }
    }
    made.push(line);
    const shown = made.slice(0, most);
    const last = shown.length - 1;
    if (made.length > most || text.length > LONGEST) shown[last] += "…";
    return shown.map((one) => {
      if (width(one, font) <= room) return one;
      const letters = [...one.replace(/…$/, "")];
      while (letters.length > 1 && width(`${letters.join("")}…`, font) > room) letters.pop();
      return `${letters.join("")}…`;
    });
  };

  /** Give every box a place and every line its points. */
  const placed = ({ nodes, lines }, named) => {
    const graph = new dagre.graphlib.Graph();
    graph.setGraph({
      rankdir: "LR",
      nodesep: 14,
      edgesep: 10,
      ranksep: named ? 34 : 84,
      marginx: 6,
      marginy: 6,
    });
    // Numbers for names: what a card calls a file is nothing that a library should take for a key.
    const ids = new Map([...nodes.keys()].map((name, at) => [name, `n${at}`]));
    for (const id of ids.values()) graph.setNode(id, { width: WIDE, height: HIGH });
    for (const line of lines) {
      const label = clip(line.relations.join(" · "), 26);
      const wide = named ? width(label, "11px") + 10 : 0;
      graph.setEdge(ids.get(line.source), ids.get(line.target), {
        width: wide,
        height: named ? 15 : 0,
        labelpos: "c",
        label,
      });
    }
    dagre.layout(graph);
    const boxes = new Map([...ids].map(([name, id]) => [name, graph.node(id)]));
    const links = lines.map((line) => ({
      ...line,
      ...graph.edge(ids.get(line.source), ids.get(line.target)),
    }));
    const { width: wide, height } = graph.graph();
    return { boxes, links, size: { width: wide || WIDE, height: height || HIGH } };
  };

  const clip = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

  /**
   * Return a line as an SVG path that is level wherever it passes a column of boxes.
   *
   * A line against the stream (claims in a circle) goes as dagre laid it.
   */
  const path = ({ source, target, points }, boxes) => {
    const [from, to] = [boxes.get(source), boxes.get(target)];
    if (from.x >= to.x) return `M${points.map((one) => `${one.x},${one.y}`).join("L")}`;
    const columns = new Set([...boxes.values()].map((box) => Math.round(box.x)));
    let at = { x: from.x + WIDE / 2, y: from.y };
    let made = `M${at.x},${at.y}`;
    const bend = (x, y) => {
      const middle = (at.x + x) / 2;
      made += `C${middle},${at.y} ${middle},${y} ${x},${y}`;
      at = { x, y };
    };
    for (const { x, y } of points.slice(1, -1)) {
      if (columns.has(Math.round(x))) {
        bend(x - WIDE / 2, y);
        made += `H${x + WIDE / 2}`;
        at.x = x + WIDE / 2;
      } else bend(x, y);
    }
    bend(to.x - WIDE / 2 - 5, to.y);
    return made;
  };

  return { WIDE, HIGH, clip, wrapped, placed, path };
})();
