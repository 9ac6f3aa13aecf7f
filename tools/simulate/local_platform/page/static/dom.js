// Makes elements. Text is always text: what devices say is never read as HTML.

export const byId = (id) => document.getElementById(id);

// el("button", {type: "button", "aria-label": "x", onclick: f}, "text", child, …)
export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && !name.includes("-")) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// Calls `draw` once before the next picture after a pause, however often it is asked to.
export function perFrame(draw, pauseMs = 0) {
  let isAsked = false;
  const onFrame = () => requestAnimationFrame(() => {
    isAsked = false;
    draw();
  });
  return () => {
    if (isAsked) return;
    isAsked = true;
    if (pauseMs) setTimeout(onFrame, pauseMs);
    else onFrame();
  };
}

const twoDigits = {hour: "2-digit", minute: "2-digit", hourCycle: "h23"};
const clock = new Intl.DateTimeFormat([], {...twoDigits, second: "2-digit"});
const minutes = new Intl.DateTimeFormat([], twoDigits);
const day = new Intl.DateTimeFormat([], {day: "numeric", month: "short"});
const date = new Intl.DateTimeFormat([], {dateStyle: "medium"});

export const timeOfDay = (ms) => clock.format(ms);

// A time on an axis with a mark every so many seconds.
export function onAxis(ms, everyS) {
  return (everyS >= 86400 ? day : everyS >= 60 ? minutes : clock).format(ms);
}

// The time of day, with the date where it is not today's.
export function when(ms) {
  if (Math.abs(Date.now() - ms) < 43200000) return clock.format(ms);
  return `${date.format(ms)} ${clock.format(ms)}`;
}

// A value as people read it.
export function shown(value, profile = {}) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") {
    const text = Number.isInteger(value) ? String(value) : String(+value.toPrecision(6));
    return profile.unit ? `${text} ${profile.unit}` : text;
  }
  if (typeof value === "boolean") return value ? "on" : "off";
  if (hasPlace(value)) return coordinates(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function hasPlace(value) {
  return Number.isFinite(value?.latitude) && Number.isFinite(value?.longitude);
}

function coordinates({latitude, longitude, altitude}) {
  const north = `${Math.abs(latitude).toFixed(5)}° ${latitude < 0 ? "S" : "N"}`;
  const east = `${Math.abs(longitude).toFixed(5)}° ${longitude < 0 ? "W" : "E"}`;
  return Number.isFinite(altitude) ? `${north} ${east} ${altitude} m` : `${north} ${east}`;
}
