// Fields for values, by profile: {node, read(), set(value), acts}. `acts`: it sends by itself.

import {el, shown} from "./dom.js";
import {isNumeric} from "./model.js";

const STEPS = 200; // of a slider whose number may have a fraction

export function field(profile, label) {
  if (profile.enum) return choice(profile, label);
  if (profile.type === "boolean") return toggle(label);
  if (isNumeric(profile)) {
    const {minimum: least, maximum: most} = profile;
    const hasLimits = typeof least === "number" && typeof most === "number" && least < most;
    return hasLimits ? slider(profile, label) : number(profile, label);
  }
  if (profile.type === "string") return text(label);
  if (profile.type === "location") return parts(placeProfile, ["latitude", "longitude"], label);
  if (profile.type === "object" && Object.keys(profile.properties || {}).length) {
    return parts(profile, [], label);
  }
  return json(profile, label);
}

const placeProfile = {
  properties: {
    latitude: {type: "number"}, longitude: {type: "number"}, altitude: {type: "number"},
  },
};

function toggle(label) {
  const node = el("input", {type: "checkbox", role: "switch", class: "switch", "aria-label": label});
  return {node, acts: true, read: () => node.checked, set: (on) => { node.checked = on === true; }};
}

function slider(profile, label) {
  const {minimum: min, maximum: max} = profile;
  const step = profile.type === "integer" ? 1 : (max - min) / STEPS;
  const input = el("input", {type: "range", "aria-label": label});
  Object.assign(input, {min, max, step});
  const output = el("output", {class: "slider-value"});
  const say = () => {
    output.textContent = shown(input.valueAsNumber, profile);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", say);
  const node = el("span", {class: "slider"}, input, output);
  const set = (value) => {
    if (typeof value === "number") input.value = value;
    say();
  };
  set(undefined);
  return {node, acts: true, set, read: () => +input.valueAsNumber.toPrecision(10)};
}

function number(profile, label) {
  const node = el("input", {type: "number", "aria-label": label, required: true});
  node.step = profile.type === "integer" ? "1" : "any";
  if (typeof profile.minimum === "number") node.min = profile.minimum;
  if (typeof profile.maximum === "number") node.max = profile.maximum;
  node.placeholder = profile.unit || (profile.type === "integer" ? "0" : "0.0");
  return {
    node,
    read() {
      if (Number.isNaN(node.valueAsNumber)) throw new Error(`${label}: a number is missing`);
      return node.valueAsNumber;
    },
    set: (value) => { if (typeof value === "number") node.value = value; },
  };
}

function text(label) {
  const node = el("input", {type: "text", "aria-label": label, autocomplete: "off"});
  return {
    node,
    read: () => node.value,
    set: (value) => { if (typeof value === "string") node.value = value; },
  };
}

function choice(profile, label) {
  const all = profile.enum;
  const options = all.map((one, index) => el("option", {value: String(index)}, shown(one, profile)));
  const node = el("select", {"aria-label": label}, ...options);
  return {
    node,
    read: () => all[Number(node.value)],
    set(value) {
      const index = all.findIndex((one) => JSON.stringify(one) === JSON.stringify(value));
      if (index >= 0) node.value = String(index);
    },
  };
}

// A field for each member; one that is left empty is left out, unless it is needed.
function parts({properties}, needed, label) {
  const fields = Object.entries(properties).map(([name, profile]) => {
    const one = field(profile, `${label}, ${name}`);
    if (!needed.includes(name)) one.node.required = false;
    return [name, one];
  });
  const rows = fields.map(([name, one]) => el("label", {class: "part"}, name, one.node));
  return {
    node: el("span", {class: "parts"}, ...rows),
    read() {
      const value = {};
      for (const [name, one] of fields) {
        if (one.node.value === "" && !needed.includes(name)) continue;
        value[name] = one.read();
      }
      return value;
    },
    set(value) {
      if (value === null || typeof value !== "object") return;
      for (const [name, one] of fields) one.set(value[name]);
    },
  };
}

function json(profile, label) {
  const node = el("input", {type: "text", "aria-label": label, autocomplete: "off", required: true});
  node.placeholder = profile.type === "array" ? "[1, 2, 3]" : '{"name": "value"}';
  return {
    node,
    read() {
      try {
        return JSON.parse(node.value);
      } catch {
        throw new Error(`${label}: this is no JSON, such as ${node.placeholder}`);
      }
    },
    set: (value) => { if (value !== null && value !== undefined) node.value = JSON.stringify(value); },
  };
}
