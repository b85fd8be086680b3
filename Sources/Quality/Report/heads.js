// The head map: steps from left to right, layers and their heads from top to bottom.

/** Shows the map of `map` (`{steps, layers, heads, samples, calls}`). */
function showHeads(map) {
  const canvas = byId("head-map");
  const context = canvas.getContext("2d");
  const [sample, details] = [byId("sample"), byId("head-details")];
  const calls = new Map(map.calls.map((call) => [`${call.step} ${call.layer} ${call.sample}`, call]));
  const callAt = (step, layer) => calls.get(`${step} ${layer} ${sample.value}`);
  // With guidance the first sample knows no prompt; without it there is only one.
  const names = map.samples === 2 ? ["0: without prompt", "1: with prompt"] : [...Array(map.samples).keys()].map(String);
  sample.replaceChildren(...names.map((name, index) => element("option", { value: index }, name)));
  sample.value = map.samples - 1;
  byId("sample-label").hidden = map.samples < 2;
  byId("heads-summary").textContent = map.summary;
  const rows = map.layers * map.heads;
  const cellHeight = rows <= 100 ? 9 : rows <= 400 ? 5 : 3;
  const [left, top, gap] = [58, 6, 4];
  let cellWidth = 8;
  // The first sparse step says more than a dense one.
  const { step, layer } = map.calls.find((call) => call.patterns) ?? map.calls[0];
  let selected = { step, layer, head: 0 };

  const cellTop = (layer, head) => top + layer * (map.heads * cellHeight + gap) + head * cellHeight;
  const kind = (call, head) => (!call?.patterns ? "dense" : call.patterns[head] === "s" ? "spatial" : "temporal");
  // A minus instead of a hyphen, behind which a line may break.
  const error = (value) => Number(value).toExponential(1).replace("-", "\u2212");
  const errors = (call, head) => call?.errors && `spatial ${error(call.errors[head][0])}, temporal ${error(call.errors[head][1])}`;

  const draw = () => {
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(`--${name}`);
    const height = cellTop(map.layers - 1, map.heads) + 26;
    cellWidth = Math.min(Math.max(Math.floor((canvas.parentElement.clientWidth - left - 4) / map.steps), 5), 64);
    const width = left + cellWidth * map.steps + 4;
    // Telephones refuse canvases of more than 16 million pixels.
    const ratio = Math.min(devicePixelRatio || 1, Math.sqrt(16e6 / (width * height)), 16000 / height);
    [canvas.width, canvas.height] = [width * ratio, height * ratio];
    [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
    context.scale(ratio, ratio);
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    for (let layer = 0; layer < map.layers; layer++) {
      context.fillStyle = color("muted");
      context.fillText(`layer ${layer}`, 0, (cellTop(layer, 0) + cellTop(layer, map.heads)) / 2);
      for (let step = 0; step < map.steps; step++) {
        const call = callAt(step, layer);
        for (let head = 0; head < map.heads; head++) {
          context.fillStyle = call ? color(kind(call, head)) : color("track");
          context.fillRect(left + step * cellWidth, cellTop(layer, head), cellWidth - 1, cellHeight - 1);
        }
      }
    }
    context.fillStyle = color("muted");
    context.textAlign = "center";
    const every = Math.ceil(28 / cellWidth);
    for (let step = 0; step < map.steps; step += every) {
      context.fillText(`${step}`, left + (step + 0.5) * cellWidth, height - 10);
    }
    context.textAlign = "start";
    context.fillText("step", 0, height - 10);
    context.strokeStyle = color("ink");
    context.lineWidth = 2;
    context.strokeRect(left + selected.step * cellWidth - 1, cellTop(selected.layer, selected.head) - 1, cellWidth + 1, cellHeight + 1);
  };

  const describe = ({ step, layer, head }) => {
    const call = callAt(step, layer);
    const reason = errors(call, head);
    byId("head-text").textContent =
      `step ${step}, layer ${layer}, head ${head}: ${call ? kind(call, head) : "not recorded"}` + (reason ? ` (errors: ${reason})` : "");
    canvas.dataset.cell = `${step} ${layer} ${head}`;
  };

  const fillTable = () => {
    if (!details.open) return;
    const heads = [...Array(map.heads).keys()];
    details.firstElementChild.textContent = `Table: heads of step ${selected.step} with their errors (spatial / temporal)`;
    showTable(byId("head-table"), {
      columns: ["layer", ...heads.map((head) => `head ${head}`)],
      rows: [...Array(map.layers).keys()].map((layer) => {
        const call = callAt(selected.step, layer);
        return [`${layer}`, ...heads.map((head) => kind(call, head) + (call?.errors ? ` ${call.errors[head].map(error).join(" / ")}` : ""))];
      }),
    });
  };

  const select = (cell) => {
    selected = cell;
    draw();
    describe(cell);
    fillTable();
  };

  const cellAt = (event) => {
    const box = canvas.getBoundingClientRect();
    const step = Math.floor((event.clientX - box.left - left) / cellWidth);
    const down = event.clientY - box.top - top;
    const layer = Math.floor(down / (map.heads * cellHeight + gap));
    const head = Math.floor((down - layer * (map.heads * cellHeight + gap)) / cellHeight);
    const inside = step >= 0 && step < map.steps && layer >= 0 && layer < map.layers && head >= 0 && head < map.heads;
    return inside ? { step, layer, head } : null;
  };

  canvas.addEventListener("pointermove", (event) => describe(cellAt(event) ?? selected));
  canvas.addEventListener("pointerleave", () => describe(selected));
  canvas.addEventListener("click", (event) => cellAt(event) && select(cellAt(event)));
  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
      PageUp: [0, -map.heads], PageDown: [0, map.heads], Home: [-map.steps, 0], End: [map.steps, 0] };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const step = Math.min(Math.max(selected.step + move[0], 0), map.steps - 1);
    const row = Math.min(Math.max(selected.layer * map.heads + selected.head + move[1], 0), rows - 1);
    select({ step, layer: Math.floor(row / map.heads), head: row % map.heads });
    // The cell stays inside the part of a tall map that is seen.
    const [frame, y] = [canvas.parentElement, cellTop(selected.layer, selected.head)];
    frame.scrollTop = Math.min(Math.max(frame.scrollTop, y + 40 - frame.clientHeight), y - 20);
  });
  sample.addEventListener("change", () => select(selected));
  details.addEventListener("toggle", fillTable);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  whenWidthChanges(canvas.parentElement, draw);
  select(selected);
}
