// Elements, tables, bars and line charts. Figures that people read come as finished text; numbers are only drawn.

/** Creates an HTML element with attributes and children. */
function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** Creates an SVG element. */
function shape(name, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const byId = (id) => document.getElementById(id);

/** JSON has no infinity, so infinite ratios travel as text. */
const number = (value) => (value === "infinite" ? Infinity : value === "-infinite" ? -Infinity : Number(value));

/** The text with a number and its unit, and the factors of a product, on one line. */
const joined = (text) => text.replace(/(\d) (?=%|dB|ms|s\b|min|h\b|[kMGTPE]?FLOP)/g, "$1\u00a0").replaceAll(" · ", "\u00a0·\u00a0");

/** Fills `host` with a table of `{columns, rows}`; the first column heads its row. */
function showTable(host, { columns, rows }) {
  const head = element("tr", {}, ...columns.map((text) => element("th", { scope: "col" }, text)));
  const body = rows.map((row) =>
    element("tr", {}, ...row.map((text, index) => (index ? element("td", {}, joined(text)) : element("th", { scope: "row" }, text)))));
  host.replaceChildren(element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)));
}

/** Fills `host` with two bars per phase; all bars share one scale. */
function showBars(host, phases, labels) {
  const longest = Math.max(...phases.flatMap((phase) => phase.seconds), Number.MIN_VALUE);
  const kinds = ["dense", "sparse"];
  const legend = element("ul", { class: "legend" }, ...kinds.map((kind, run) => element("li", { class: kind }, labels[run])));
  host.replaceChildren(legend, ...phases.flatMap((phase) => [
    element("div", { class: "name" }, phase.label),
    element("div", {}, ...kinds.map((kind, run) => {
      const bar = element("span", { "aria-hidden": "true" });
      // The text behind the longest bar needs room as well.
      bar.style.width = `calc((100% - 7em) * ${phase.seconds[run] / longest})`;
      bar.hidden = phase.seconds[run] === 0;
      return element("div", { class: `bar ${kind}`, title: `${phase.label}, ${labels[run]}: ${phase.texts[run]}` },
        bar, element("span", {}, phase.texts[run]));
    })),
  ]));
}

/** Calls `draw` now and whenever `host` gets another width. */
function whenWidthChanges(host, draw) {
  let drawn = 0;
  const look = () => {
    if (host.clientWidth === drawn) return;
    drawn = host.clientWidth;
    draw();
  };
  // In the next picture: drawing changes heights, which the observer would complain about.
  new ResizeObserver(() => requestAnimationFrame(look)).observe(host);
  look();
}

/** Round numbers that span `low...high`, about `count` of them, and how many digits tell them apart. */
function ticks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const values = [];
  for (let value = Math.floor(low / step + 1e-9) * step; value < high + step * 0.999; value += step) values.push(value);
  return { values, digits };
}

/**
 * A line chart that is drawn anew when its width changes.
 *
 * `series`: lists of `{x, y, text}` with a `label` and a `dots` flag. An infinite `y` is drawn at the top, as a mark.
 * `options`: `label` of the whole chart, `xLabel`, `percent` for an x axis in per cent, `pick(x)` called on a click.
 * Returns a function that moves the vertical cursor to an x.
 */
function lineChart(host, series, options) {
  let cursor = null;
  let move = () => {};
  const points = series.flatMap((one) => one.points);
  const finite = points.filter((point) => Number.isFinite(point.y));
  const draw = () => {
    const [width, height] = [Math.max(host.clientWidth, 240), 220];
    const [left, right, top, bottom] = [52, 16, 14, 42];
    let [low, high] = [Math.min(...finite.map((p) => p.y)), Math.max(...finite.map((p) => p.y))];
    if (!finite.length) [low, high] = [0, 1];
    if (high - low < 1e-9) [low, high] = [low - Math.abs(low) * 0.01 - 1e-3, high + Math.abs(high) * 0.01 + 1e-3];
    const yTicks = ticks(low, high, 4);
    [low, high] = [yTicks.values[0], yTicks.values.at(-1)];
    const xs = points.map((point) => point.x);
    let [first, last] = [Math.min(...xs), Math.max(...xs)];
    // A single place has room around it.
    if (options.percent && last - first < 0.05) [first, last] = [(first + last) / 2 - 0.025, (first + last) / 2 + 0.025];
    if (last === first) last += 1;
    const xTicks = ticks(first, last, Math.min(8, width / (options.percent ? 110 : 70)));
    // A density stands off the edges, a frame number does not.
    if (options.percent) [first, last] = [xTicks.values[0], xTicks.values.at(-1)];
    const x = (value) => left + ((value - first) / (last - first)) * (width - left - right);
    const y = (value) => (Number.isFinite(value) ? top + ((high - value) / (high - low)) * (height - top - bottom) : top - 6);
    const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": options.label });
    for (const value of yTicks.values) {
      svg.append(
        shape("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }),
        shape("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(yTicks.digits)));
    }
    for (const value of xTicks.values.filter((tick) => tick <= last + 1e-9)) {
      const text = options.percent ? `${(value * 100).toFixed(Math.max(0, xTicks.digits - 2))} %` : value.toFixed(xTicks.digits);
      svg.append(shape("text", { x: x(value), y: height - bottom + 18, "text-anchor": "middle" }, text));
    }
    svg.append(shape("text", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, options.xLabel));
    series.forEach((one, index) => {
      const group = shape("g", { class: `series-${index % 4}` });
      let path = "";
      one.points.forEach((point, place) => {
        const broken = place === 0 || !Number.isFinite(point.y) || !Number.isFinite(one.points[place - 1].y);
        path += `${broken ? "M" : "L"}${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}`;
      });
      group.append(shape("path", { class: "series-line", d: path }));
      for (const point of one.points) {
        if (!one.dots && Number.isFinite(point.y)) continue;
        group.append(shape("circle", { class: "dot", cx: x(point.x), cy: y(point.y), r: 4.5 }, shape("title", {}, point.text)));
      }
      svg.append(group);
    });
    if (options.pick) {
      const line = shape("line", { class: "cursor", y1: top, y2: height - bottom });
      const area = shape("rect", { class: "pick", x: left, y: top, width: width - left - right, height: height - top - bottom, fill: "transparent" });
      area.addEventListener("click", (event) => {
        const place = (event.clientX - area.getBoundingClientRect().left) / (width - left - right);
        options.pick(first + place * (last - first));
      });
      svg.append(line, area);
      move = () => {
        line.setAttribute("visibility", cursor === null ? "hidden" : "visible");
        if (cursor === null) return;
        line.setAttribute("x1", x(cursor));
        line.setAttribute("x2", x(cursor));
      };
      move();
    }
    host.replaceChildren(svg);
    if (series.length > 1 || series[0].dots) {
      host.prepend(element("ul", { class: "legend" }, ...series.map((one, index) => element("li", { class: `series-${index % 4}` }, one.label))));
    }
  };
  whenWidthChanges(host, draw);
  return (value) => {
    cursor = value;
    move();
  };
}
