"use strict";

// What of a lineage is to be seen: functions from graphs to graphs, with no page in sight.
//
// A graph is {nodes: Map of name to node, edges: array}. A node has name, kind, title, href; an
// edge has source, target, relation, proof, place.
const kin = (() => {
  const PROOFS = ["proven", "built", "cited", "declared"];
  const BUNDLE = 6;

  /** Return the graph that a page carries, each node with its steps from the start (`hops`). */
  const read = ({ start, layers, edges }) => {
    const nodes = new Map(layers.flat().map((node) => [node.name, { ...node, hops: Infinity }]));
    const whole = { nodes, edges };
    for (const end of ["source", "target"]) {
      for (const [name, hops] of walk(whole, start, end)) {
        const node = nodes.get(name);
        node.hops = Math.min(node.hops, hops);
      }
    }
    return whole;
  };

  /** Return what lies before (`source`) or after (`target`) a node, each with its steps. */
  const walk = ({ edges }, start, end) => {
    const from = end === "source" ? "target" : "source";
    const ahead = new Map();
    for (const edge of edges) {
      if (!ahead.has(edge[from])) ahead.set(edge[from], []);
      ahead.get(edge[from]).push(edge[end]);
    }
    const hops = new Map([[start, 0]]);
    for (const name of hops.keys()) {
      for (const next of ahead.get(name) ?? []) {
        if (!hops.has(next)) hops.set(next, hops.get(name) + 1);
      }
    }
    return hops;
  };

  /** Keep the edges of wanted proofs between things of wanted kinds, within so many steps. */
  const wanted = ({ nodes, edges }, start, { kinds, proofs, hops }) => {
    const fits = (name) => {
      const node = nodes.get(name);
      return name === start || (kinds.has(node.kind) && node.hops <= hops);
    };
    const kept = edges.filter(
      (edge) => proofs.has(edge.proof) && fits(edge.source) && fits(edge.target),
    );
    const names = new Set([start, ...kept.flatMap((edge) => [edge.source, edge.target])]);
    return { nodes: new Map([...nodes].filter(([name]) => names.has(name))), edges: kept };
  };

  /** Lay edges between the same two things together; the best proof of them stands for all. */
  const lines = (edges) => {
    const found = new Map();
    for (const edge of edges) {
      const key = JSON.stringify([edge.source, edge.target]);
      const line = found.get(key) ?? { source: edge.source, target: edge.target, edges: [] };
      line.edges.push(edge);
      found.set(key, line);
    }
    for (const line of found.values()) {
      const known = line.edges.map((edge) => PROOFS.indexOf(edge.proof));
      line.proof = PROOFS[Math.min(...known)];
      line.relations = [...new Set(line.edges.map((edge) => edge.relation))];
    }
    return [...found.values()];
  };

  /**
   * Fold things that hang alike on one other thing (same kind, relation and proof) into one.
   *
   * Such a bundle is a node with `members`; those whose name is in `opened` stay apart.
   */
  const bundled = (graph, start, opened) => {
    const all = lines(graph.edges);
    const degree = new Map();
    for (const { source, target } of all) {
      for (const name of [source, target]) degree.set(name, (degree.get(name) ?? 0) + 1);
    }
    const alone = (name) => degree.get(name) === 1 && name !== start;
    const groups = new Map();
    for (const line of all) {
      const end = alone(line.source) ? "source" : alone(line.target) ? "target" : null;
      if (!end) continue;
      const { kind } = graph.nodes.get(line[end]);
      const other = line[end === "source" ? "target" : "source"];
      const key = `bundle:${JSON.stringify([other, end, kind, line.relations, line.proof])}`;
      groups.set(key, [...(groups.get(key) ?? []), [end, line]]);
    }
    const nodes = new Map(graph.nodes);
    const folded = new Map();
    for (const [key, group] of groups) {
      if (group.length < BUNDLE || opened.has(key)) continue;
      const members = group.map(([end, line]) => graph.nodes.get(line[end]));
      const [{ kind, hops }] = members;
      nodes.set(key, {
        name: key,
        kind,
        hops,
        members,
        title: `${members.length} ${plural(kind)}`,
      });
      for (const [end, line] of group) {
        nodes.delete(line[end]);
        folded.set(line, { ...line, [end]: key });
      }
    }
    const kept = all.map((line) => folded.get(line) ?? line);
    const once = new Map(kept.map((line) => [JSON.stringify([line.source, line.target]), line]));
    return { nodes, lines: [...once.values()] };
  };

  const plural = (kind) => (kind === "scores" ? "sets of scores" : `${kind}s`);

  /** Keep the `most` nearest things; `cut` are the others. */
  const nearest = ({ nodes, lines: all }, most) => {
    const near = [...nodes.values()].sort((a, b) => a.hops - b.hops).slice(0, most);
    const names = new Set(near.map((node) => node.name));
    return {
      nodes: new Map([...nodes].filter(([name]) => names.has(name))),
      lines: all.filter((line) => names.has(line.source) && names.has(line.target)),
      cut: [...nodes.values()].filter((node) => !names.has(node.name)),
    };
  };

  return { PROOFS, read, walk, wanted, bundled, nearest, plural };
})();
