// One chart for each asset that is a number. It is drawn by uPlot, only while it is on the screen.

import {ask} from "./api.js";
import {onAxis, perFrame, shown, when} from "./dom.js";

const DRAW_MS = 200;
const FRAME_MS = 8;
const HEIGHT = 118;
const LEAST_WIDTH_S = 20;
const SPAN_S = {hour: 3600, day: 86400, all: Infinity};
const charts = new Set();
const dark = matchMedia("(prefers-color-scheme: dark)");
let range = "hour";
let colours = {};

function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["line", "fill", "grid", "quiet"]) {
    colours[name] = style.getPropertyValue(`--chart-${name}`).trim();
  }
}

export function setRange(name) {
  range = name;
  for (const chart of charts) chart.reset();
}

// After a break nobody knows what was missed.
export function reloadAll() {
  for (const chart of charts) chart.reset();
}

export class Chart {
  constructor(asset, host, hover) {
    this.asset = asset;
    this.host = host;
    this.hover = hover;
    this.isVisible = false;
    host.tabIndex = 0;
    host.setAttribute("role", "application");
    host.setAttribute("aria-roledescription", "chart");
    host.addEventListener("keydown", (event) => this.onKey(event));
    this.reset();
    charts.add(this);
    seen.observe(host);
    sized.observe(host);
    host.chart = this;
  }

  remove() {
    charts.delete(this);
    seen.unobserve(this.host);
    sized.unobserve(this.host);
    this.plot?.destroy();
  }

  // Forgets everything; it is fetched again once the chart is on the screen.
  reset() {
    this.at = [];
    this.value = [];
    this.last = 0;
    this.waiting = []; // states that came while the history was on its way
    this.isLoaded = this.isZoomed = false;
    this.load = null;
    this.isStale = true;
    if (this.isVisible) drawSoon();
  }

  async fetch() {
    const mine = (this.load = {});
    const {device, name} = this.asset;
    const query = new URLSearchParams({device, asset: name});
    if (range !== "all") query.set("from", String(Date.now() - SPAN_S[range] * 1000));
    try {
      const history = await ask("GET", `history?${query}`);
      const {number, at, value} = await history.json();
      if (this.load !== mine) return;
      this.at = at.map((ms) => ms / 1000);
      this.value = value.map((one) => (typeof one === "number" ? one : null));
      this.last = number.reduce((most, one) => Math.max(most, one), this.last);
      this.isLoaded = true;
      const waiting = this.waiting;
      this.waiting = [];
      for (const state of waiting) this.add(...state);
      this.isStale = true;
    } catch {
      if (this.load === mine) setTimeout(() => this.load === mine && (this.load = null), 2000);
    }
  }

  add(number, ms, value) {
    if (!this.isLoaded) {
      if (this.load) this.waiting.push([number, ms, value]);
      return;
    }
    if (number <= this.last) return;
    this.last = number;
    const at = ms / 1000;
    let index = this.at.length;
    while (index > 0 && this.at[index - 1] > at) index -= 1; // a value from earlier
    this.at.splice(index, 0, at);
    this.value.splice(index, 0, typeof value === "number" ? value : null);
    this.isStale = true;
  }

  draw() {
    if (!this.isLoaded) {
      if (!this.load) this.fetch();
      return;
    }
    if (!this.plot) this.make();
    this.isStale = false;
    const {min, max} = this.isZoomed ? this.plot.scales.x : this.whole();
    this.plot.batch(() => {
      this.plot.setData([this.at, this.value], false);
      this.plot.setScale("x", {min, max});
    });
    this.host.dataset.points = String(this.plot.data[0].length);
    this.host.setAttribute("aria-label",
      `History of ${this.asset.title}, ${this.at.length} values. Arrows: from value to value; ` +
      "plus: zoom in; Escape: everything.");
  }

  // The whole range, but no emptiness before the first value.
  whole() {
    const now = Date.now() / 1000;
    const last = this.at.at(-1) ?? now;
    const max = range === "all" ? last : Math.max(now, last);
    const min = Math.max(this.at[0] ?? -Infinity, now - SPAN_S[range]);
    return {min: Math.min(min, max - LEAST_WIDTH_S), max};
  }

  make() {
    // What is set stays until it is set again; what is measured goes on between two values.
    const isSet = ["actuator", "config"].includes(this.asset.is);
    const axis = {
      stroke: () => colours.quiet,
      grid: {stroke: () => colours.grid, width: 1},
      ticks: {stroke: () => colours.grid, width: 1, size: 4},
      font: "11px system-ui, sans-serif",
    };
    this.plot = new uPlot({
      width: this.host.clientWidth || 200,
      height: HEIGHT,
      padding: [8, 26, 0, 0],
      legend: {show: false},
      cursor: {
        y: false,
        points: {size: 7},
        bind: {dblclick: () => () => this.zoomOut()},
      },
      scales: {x: {time: true}},
      axes: [{...axis, size: 26, space: 64, values: marks}, {...axis, size: 46, space: 28}],
      series: [{}, {
        stroke: () => colours.line, fill: () => colours.fill, width: 1.5,
        ...(isSet ? {paths: uPlot.paths.stepped({align: 1})} : {}),
        points: {show: () => this.at.length < 40, size: 4}, spanGaps: true,
      }],
      hooks: {
        setCursor: [(plot) => this.tell(plot.cursor.idx)],
        setSelect: [(plot) => { if (plot.select.width > 0) this.isZoomed = true; }],
      },
    }, [[], []], this.host);
    for (const kind of ["down", "move", "up"]) {
      this.plot.over.addEventListener(`pointer${kind}`, (event) => touch(event, `mouse${kind}`));
    }
  }

  tell(index) {
    const value = index === null || index === undefined ? undefined : this.value[index];
    this.hover.textContent = value === undefined ? ""
      : `${shown(value, this.asset.profile)} at ${when(this.at[index] * 1000)}`;
  }

  zoomOut() {
    this.isZoomed = false;
    this.draw();
  }

  // Without a mouse: the cursor goes from value to value.
  onKey(event) {
    if (!this.plot || !this.at.length) return;
    const {min, max} = this.plot.scales.x;
    const index = this.plot.cursor.idx ?? this.at.length - 1;
    const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (step) {
      const next = Math.min(Math.max(index + step, 0), this.at.length - 1);
      const left = this.plot.valToPos(this.at[next], "x");
      this.plot.setCursor({left, top: 1});
      this.tell(next);
    } else if (event.key === "+") {
      const middle = this.at[index];
      const half = (max - min) / 4;
      this.isZoomed = true;
      this.plot.setScale("x", {min: middle - half, max: middle + half});
    } else if (event.key === "Escape" || event.key === "-") {
      this.zoomOut();
    } else {
      return;
    }
    event.preventDefault();
  }
}

// uPlot knows mice only. Up and down a finger scrolls the page (touch-action in parts.css).
function touch(event, kind) {
  if (event.pointerType !== "touch") return;
  const {clientX, clientY, target} = event;
  // It takes a move by nothing for a fault of browsers.
  target.dispatchEvent(new MouseEvent(kind, {clientX, clientY, movementX: 1, bubbles: true}));
}

function marks(plot, times, axis, space, every) {
  return times.map((time) => onAxis(time * 1000, every));
}

// As many as fit into a frame, so that scrolling stays smooth; the others in the next.
const drawSoon = perFrame(() => {
  const started = performance.now();
  for (const chart of charts) {
    if (!chart.isVisible || !chart.isStale) continue;
    if (performance.now() - started > FRAME_MS) {
      drawSoon();
      return;
    }
    chart.draw();
  }
});

const seen = new IntersectionObserver((entries) => {
  for (const {target, isIntersecting} of entries) target.chart.isVisible = isIntersecting;
  drawSoon();
}, {rootMargin: "80px"});

const sized = new ResizeObserver((entries) => {
  for (const {target, contentRect} of entries) {
    if (contentRect.width) target.chart.plot?.setSize({width: contentRect.width, height: HEIGHT});
  }
});

dark.addEventListener("change", () => {
  readColours();
  for (const chart of charts) chart.isStale = true;
});
addEventListener("load", readColours);
setInterval(drawSoon, DRAW_MS);
