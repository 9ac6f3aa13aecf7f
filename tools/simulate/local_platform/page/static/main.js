// Puts the parts together: what the platform tells goes to those whom it concerns.

import {prepareAdding} from "./add_device.js";
import {hasToken, listen, setToken} from "./api.js";
import {Card} from "./cards.js";
import {reloadAll, setRange} from "./charts.js";
import {byId, el, perFrame} from "./dom.js";
import {Faults} from "./faults.js";
import {Log} from "./log.js";
import {Model, isPlace} from "./model.js";
import {Places} from "./places.js";
import {prepareTabs} from "./tabs.js";

const model = new Model();
const titleOf = (id) => model.devices.find((device) => device.id === id)?.title || "";
const log = new Log(titleOf);
const places = new Places(model);
const faults = new Faults();
const cards = new Map();
const changed = new Set();
const MANY = 200;
let chosen = location.hash.slice(1);
let isNew = true;
let refusal = "";

const updateCards = perFrame(() => {
  for (const asset of changed) cards.get(asset.key)?.update();
  changed.clear();
});

function take(batch) {
  if (batch.about) begin(batch.about);
  if (batch.devices) {
    model.setDevices(batch.devices);
    showDevices();
    showCards();
    places.draw();
  }
  for (const state of batch.states || []) {
    const [device, name, number, at, value] = state;
    cards.get(`${device}/${name}`)?.chart?.add(number, at, value);
    const asset = model.setState(state);
    if (!asset) continue;
    changed.add(asset);
    if (isPlace(asset.profile)) places.draw();
  }
  if (batch.states) updateCards();
  if (batch.messages) log.add(batch.messages, batch.leftOut);
  if (batch.faults) faults.setActive(batch.faults);
  if (batch.lost) reloadAll();
}

// The stream is new: the platform has started again, or the link was lost for a while.
function begin(about) {
  model.about = about;
  byId("add").hidden = byId("tab-faults").hidden = !about.isGround;
  byId("leave").hidden = !hasToken();
  if (about.isGround) faults.setKinds(about.faults);
  log.clear();
  reloadAll();
}

function showDevices() {
  if (isNew && model.devices.length) {
    isNew = false;
    if (!chosen && model.assets.size > MANY) chosen = model.devices[0].id;
  }
  if (!model.devices.some(({id}) => id === chosen)) chosen = "";
  const rows = [{id: "", title: "All devices", assets: [...model.assets.values()]}];
  if (model.devices.length === 1) rows.pop();
  const buttons = [...rows, ...model.devices].map(({id, title, assets}) => {
    const count = `${assets.length} asset${assets.length === 1 ? "" : "s"}`;
    const isChosen = id === chosen || model.devices.length === 1;
    return el("li", {}, el("button", {
      type: "button", "aria-current": isChosen ? "true" : "false", onclick: () => choose(id),
      "data-device": id,
    }, el("span", {class: "device-title"}, title), el("span", {class: "count-of"}, count)));
  });
  const focused = document.activeElement?.dataset?.device;
  byId("devices").replaceChildren(...buttons);
  if (focused !== undefined) byId("devices").querySelector(`[data-device="${focused}"]`)?.focus();
}

function choose(id) {
  chosen = id;
  history.replaceState(null, "", `#${id}`);
  showDevices();
  showCards();
  byId("assets").scrollTop = 0;
}

// Cards of assets that stayed as they are stay too, with what is being typed into them.
function showCards() {
  const shown = model.devices.filter(({id}) => !chosen || id === chosen);
  const assets = new Map(shown.flatMap((device) => device.assets).map((one) => [one.key, one]));
  for (const [key, card] of cards) {
    if (assets.get(key)?.form === card.form && assets.get(key) === card.asset) continue;
    card.remove();
    cards.delete(key);
  }
  for (const asset of assets.values()) {
    if (cards.has(asset.key)) cards.get(asset.key).update();
    else cards.set(asset.key, new Card(asset));
  }
  const sections = new Map([...byId("assets").children].map((one) => [one.dataset.device, one]));
  const wanted = shown.map((device) => {
    const section = sections.get(device.id) || newSection(device.id);
    section.firstElementChild.textContent = device.title;
    const grid = section.lastElementChild;
    const own = device.assets.map(({key}) => cards.get(key).node);
    if (!own.length) own.push(el("p", {class: "empty"}, "No assets yet: the device declares them when it connects."));
    keepChildren(grid, own);
    return section;
  });
  if (!wanted.length) wanted.push(nothing());
  keepChildren(byId("assets"), wanted);
}

function newSection(id) {
  return el("section", {"data-device": id}, el("h2", {}), el("div", {class: "grid"}));
}

function nothing() {
  return el("div", {class: "empty"}, el("p", {}, "No devices yet."),
    el("p", {}, "Add one here, or with make device; make run brings one with it."));
}

// Moves nothing that is in its place already, for focus is lost by moving.
function keepChildren(parent, wanted) {
  if (wanted.length === parent.childElementCount &&
      wanted.every((node, index) => parent.children[index] === node)) return;
  const focused = document.activeElement;
  parent.replaceChildren(...wanted);
  if (focused && parent.contains(focused)) focused.focus();
}

function onStatus(status, why) {
  const node = byId("status");
  node.textContent = {live: "live", connecting: "connecting …", refused: "no access"}[status];
  node.className = `status ${status}`;
  if (status !== "refused") return;
  if (hasToken()) { // of another day, perhaps; and here may none be needed
    refusal = why;
    setToken("");
    listen(take, onStatus);
  } else {
    askForToken();
  }
}

function askForToken() {
  model.clear();
  showDevices();
  showCards();
  places.draw();
  log.clear();
  byId("token-error").textContent = refusal;
  refusal = "";
  byId("token-dialog").showModal();
}

byId("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  setToken(byId("token").value.trim());
  byId("token").value = "";
  byId("token-dialog").close();
  listen(take, onStatus);
});
byId("token-dialog").addEventListener("cancel", (event) => event.preventDefault());
byId("leave").addEventListener("click", () => {
  setToken("");
  location.reload();
});
byId("range").addEventListener("change", (event) => setRange(event.target.value));
prepareTabs();
prepareAdding(() => model.about);
listen(take, onStatus);
