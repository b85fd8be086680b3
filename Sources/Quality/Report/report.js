// Fills the page. `<html>` tells a test how far it came: `data-ready`, `data-errors`, `data-frame`.

const root = document.documentElement;
root.dataset.errors = "0";
const failed = () => (root.dataset.errors = String(Number(root.dataset.errors) + 1));
addEventListener("error", failed);
addEventListener("unhandledrejection", failed);

const data = JSON.parse(byId("data").textContent);
for (const id of ["prompt", "seed"]) byId(id).textContent = data[id];
byId("context").textContent = data.context ? `· ${data.context}` : "";
// A line breaks between words, not behind the hyphens of an option.
byId("command").append(...data.command.split(" ").flatMap((word, index) => [index ? " " : "", element("span", {}, word)]));
byId("convention").textContent = joined(data.operationConvention ?? "");
byId("phase-note").textContent = data.phaseNote;
byId("headlines").append(...data.headlines.map(({ name, value, note }) =>
  element("div", {}, element("dt", {}, name), element("dd", { class: "value" }, value), element("dd", { class: "note" }, joined(note)))));
byId("facts").append(...data.facts.flatMap(({ name, value }) => [element("dt", {}, name), element("dd", {}, value)]));
showTable(byId("run-table"), data.runTable);
showTable(byId("phase-table"), data.phaseTable);
showTable(byId("frame-table"), data.frameTable);
showBars(byId("phase-chart"), data.phases, data.labels);

let jump = () => {};
const overFrames = (id, values, column, label) =>
  lineChart(byId(id), [{ label, points: values.map((value, x) => ({ x, y: number(value), text: `frame ${x}: ${data.frameTable.rows[x][column]}` })) }],
    { label: `${label} of each frame`, xLabel: "frame", pick: (x) => jump(x) });
const cursors = [overFrames("psnr-chart", data.psnr, 1, "PSNR"), overFrames("ssim-chart", data.ssim, 2, "SSIM")];

if (data.heads && data.heads.calls.length) {
  byId("heads").hidden = false;
  showHeads(data.heads);
}
if (data.curve.length) {
  byId("curve").hidden = false;
  const methods = [...new Set(data.curve.map((point) => point.method))];
  lineChart(byId("curve-chart"), methods.map((method) => ({
    label: method,
    dots: true,
    points: data.curve.filter((point) => point.method === method).map(({ density, psnr, text }) => ({ x: density, y: number(psnr), text })),
  })), { label: "PSNR against density, one line per method", xLabel: "density computed", percent: true });
  showTable(byId("curve-table"), data.curveTable);
}

const showFrame = (frame) => {
  const { columns, rows } = data.frameTable;
  const figures = rows[frame].slice(1).map((text, index) => joined(`${columns[index + 1]}\u00a0${text}`));
  byId("frame-text").textContent = `frame ${frame} of 0–${data.psnr.length - 1}: ${figures.join(", ")}`;
  for (const cursor of cursors) cursor(frame);
};
if (data.video) {
  byId("videos").hidden = false;
  showVideos(data, showFrame).then((show) => {
    jump = show;
    root.dataset.ready = "true";
  });
} else {
  root.dataset.ready = "true";
}
