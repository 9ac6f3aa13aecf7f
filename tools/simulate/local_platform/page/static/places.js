// Where things are: coordinates, and a plan without a map, north up and true to scale.

import {byId, el, hasPlace, perFrame, shown, svg, when} from "./dom.js";
import {isPlace} from "./model.js";

const SIZE = 320;
const MARGIN = 44;
const LEAST_SPAN_M = 20;
const METRES_PER_DEGREE = 111320;

export class Places {
  constructor(model) {
    this.model = model;
    this.node = byId("places");
    this.draw = perFrame(() => this.redraw());
  }

  redraw() {
    const all = [...this.model.assets.values()].filter(({profile}) => isPlace(profile));
    const known = all.filter(({value}) => hasPlace(value));
    if (!known.length) {
      this.node.replaceChildren(el("p", {class: "empty"}, all.length
        ? "No place is known yet: none of these assets has a state."
        : "No device has an asset with latitude and longitude, such as a GeoAsset."));
      return;
    }
    const rows = known.map(({title, deviceTitle, value, at}, index) => el("li", {},
      el("b", {class: "mark"}, String(index + 1)),
      el("span", {class: "place"}, `${deviceTitle}: ${title}`,
        el("code", {}, shown(value)),
        el("span", {class: "time"}, when(at)))));
    this.node.replaceChildren(plan(known), el("ol", {class: "places"}, ...rows));
  }
}

function plan(known) {
  const middle = known.reduce((sum, {value}) => sum + value.latitude, 0) / known.length;
  const shrink = Math.max(Math.cos((middle * Math.PI) / 180), 0.01);
  const points = known.map(({value}) => [
    value.longitude * METRES_PER_DEGREE * shrink, -value.latitude * METRES_PER_DEGREE,
  ]);
  const [left, width] = extent(points.map(([x]) => x));
  const [top, height] = extent(points.map(([, y]) => y));
  const span = Math.max(width, height, LEAST_SPAN_M);
  const scale = (SIZE - 2 * MARGIN) / span;
  const marks = points.map(([x, y], index) => {
    const cx = SIZE / 2 + (x - left - width / 2) * scale;
    const cy = SIZE / 2 + (y - top - height / 2) * scale;
    return svg("g", {class: "place-mark"},
      svg("circle", {cx, cy, r: 11}),
      svg("text", {x: cx, y: cy + 4, "text-anchor": "middle"}, String(index + 1)));
  });
  const [metres, text] = bar(span / 3);
  const end = 16 + metres * scale;
  return svg("svg", {
    viewBox: `0 0 ${SIZE} ${SIZE}`, class: "plan", role: "img",
    "aria-label": `A plan of ${known.length} places, north up; the list below has them all`,
  },
  svg("rect", {x: 1, y: 1, width: SIZE - 2, height: SIZE - 2, rx: 10, class: "ground"}),
  svg("path", {d: `M16 ${SIZE - 20}v6H${end}v-6`, class: "bar"}),
  svg("text", {x: 16, y: SIZE - 26}, text),
  svg("text", {x: SIZE - 24, y: 26}, "N ↑"),
  ...marks);
}

function extent(numbers) {
  const least = Math.min(...numbers);
  return [least, Math.max(...numbers) - least];
}

// The roundest length below: 1, 2 or 5 with zeros.
function bar(most) {
  const ten = 10 ** Math.floor(Math.log10(most));
  const metres = [5, 2, 1].map((one) => one * ten).find((one) => one <= most) || ten;
  return [metres, metres >= 1000 ? `${metres / 1000} km` : `${metres} m`];
}
