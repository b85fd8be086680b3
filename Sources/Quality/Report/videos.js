// Both videos and their difference, on canvases, in exact step.

/**
 * Shows the videos of `data` and returns `show(frame)`.
 *
 * `changed(frame)` is called after every frame that was drawn. The element of each canvas carries a checksum of its
 * pixels in `data-checksum` while nothing plays.
 */
async function showVideos(data, changed) {
  const canvases = ["dense", "sparse", "difference"].map(byId);
  canvases.slice(0, 2).forEach((canvas, run) => {
    canvas.setAttribute("aria-label", `video of the run ${data.labels[run]}`);
    canvas.nextElementSibling.textContent = data.labels[run];
  });
  const load = (address) => new Promise((resolve, reject) => {
    const image = new Image();
    image.addEventListener("load", () => resolve(image));
    image.addEventListener("error", () => reject(new Error("a frame cannot be read")));
    image.src = address;
  });
  const runs = await Promise.all([data.video.dense, data.video.sparse].map((frames) => Promise.all(frames.map(load))));
  const count = runs[0].length;
  const { naturalWidth: width, naturalHeight: height } = runs[0][0];
  const contexts = canvases.map((canvas) => {
    [canvas.width, canvas.height] = [width, height];
    return canvas.getContext("2d", { willReadFrequently: true });
  });
  const [slider, button, gain] = ["frame", "play", "gain"].map(byId);
  slider.max = count - 1;
  let [current, playing] = [0, false];

  const checksum = (pixels) => {
    let sum = 0x811c9dc5;
    for (let index = 0; index < pixels.length; index++) sum = Math.imul(sum ^ pixels[index], 0x01000193) >>> 0;
    return sum.toString(16);
  };

  const draw = () => {
    const pictures = runs.map((frames, run) => {
      contexts[run].drawImage(frames[current], 0, 0, width, height);
      return contexts[run].getImageData(0, 0, width, height);
    });
    const difference = contexts[2].createImageData(width, height);
    const [one, other, result] = [pictures[0].data, pictures[1].data, difference.data];
    const factor = Number(gain.value);
    for (let index = 0; index < result.length; index++) {
      // The array clamps to 255; every fourth byte is opacity.
      result[index] = index % 4 === 3 ? 255 : Math.abs(one[index] - other[index]) * factor;
    }
    contexts[2].putImageData(difference, 0, 0);
    if (!playing) [one, other, result].forEach((pixels, index) => (canvases[index].dataset.checksum = checksum(pixels)));
    slider.value = current;
    slider.setAttribute("aria-valuetext", `frame ${current} of ${count}`);
    document.documentElement.dataset.frame = current;
    changed(current);
  };

  const show = (frame) => {
    current = Math.min(Math.max(Math.round(frame) || 0, 0), count - 1);
    draw();
  };

  const play = (on) => {
    playing = on;
    button.textContent = on ? "Pause" : "Play";
    if (!on) return draw();
    const start = performance.now() - (current * 1000) / data.video.framesPerSecond;
    const tick = (now) => {
      if (!playing) return;
      const frame = Math.max(Math.floor(((now - start) * data.video.framesPerSecond) / 1000), 0) % count;
      if (frame !== current) show(frame);
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  };

  const jump = (frame) => {
    if (playing) play(false);
    show(frame);
  };
  slider.addEventListener("input", () => jump(Number(slider.value)));
  gain.addEventListener("change", draw);
  button.addEventListener("click", () => play(!playing));
  const asked = () => /^#frame=(\d+)$/.exec(location.hash);
  addEventListener("hashchange", () => asked() && jump(Number(asked()[1])));
  show(asked() ? Number(asked()[1]) : 0);
  if (!asked() && !matchMedia("(prefers-reduced-motion: reduce)").matches) play(true);
  return jump;
}
