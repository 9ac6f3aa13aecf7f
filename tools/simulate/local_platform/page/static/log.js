// REST and MQTT messages, newest first.

import {byId, el, perFrame, timeOfDay} from "./dom.js";

const KEPT = 1000;
const ROWS = 120;
const NEW_MS = 250;
const SAYS = {in: "→", out: "←"};
const WORDS = {in: "from a client", out: "to clients"};

export class Log {
  constructor(titleOf) {
    this.titleOf = titleOf;
    this.messages = []; // oldest first
    this.fresh = 0;
    this.rows = byId("log-rows");
    this.drawAll = perFrame(() => this.redraw());
    this.drawNew = perFrame(() => this.addRows(), NEW_MS);
    byId("log-filter").addEventListener("input", () => this.drawAll());
    byId("log-filter").addEventListener("submit", (event) => event.preventDefault());
  }

  clear() {
    this.messages = [];
    this.fresh = 0;
    this.drawAll();
  }

  add(messages, leftOut = 0) {
    if (leftOut) {
      const what = `${leftOut} messages before this one are left out: too many at once`;
      this.messages.push({...messages[0], device: null, what, payload: "", result: ""});
      this.fresh += 1;
    }
    this.messages.push(...messages);
    this.messages.splice(0, this.messages.length - KEPT);
    this.fresh = Math.min(this.fresh + messages.length, KEPT);
    if (!byId("log-hold").checked) this.drawNew();
  }

  isWanted(message) {
    if (!byId(message.via === "REST" ? "log-rest" : "log-mqtt").checked) return false;
    const text = byId("log-text").value.trim().toLowerCase();
    if (!text) return true;
    const title = this.titleOf(message.device);
    const all = `${message.what} ${message.payload} ${message.result} ${title}`;
    return all.toLowerCase().includes(text);
  }

  redraw() {
    this.fresh = 0;
    const wanted = this.messages.filter((message) => this.isWanted(message)).slice(-ROWS);
    this.rows.replaceChildren(...wanted.reverse().map((message) => this.row(message)));
  }

  addRows() {
    const count = this.fresh;
    this.fresh = 0;
    if (!count) return;
    const fresh = this.messages.slice(-count).filter((message) => this.isWanted(message));
    const first = this.rows.scrollTop;
    this.rows.prepend(...fresh.slice(-ROWS).reverse().map((message) => this.row(message)));
    while (this.rows.childElementCount > ROWS) this.rows.lastElementChild.remove();
    if (first === 0) this.rows.scrollTop = 0;
  }

  row({at, via, way, device, what, payload, result}) {
    const title = this.titleOf(device);
    const isBad = via === "REST" && Number(result) >= 400;
    return el("li", {class: isBad ? "bad" : ""},
      el("time", {}, timeOfDay(at)),
      el("span", {class: `via ${via.toLowerCase()}`}, via),
      el("span", {class: "way", title: WORDS[way]}, SAYS[way]),
      ...(result ? [el("span", {class: "result"}, result)] : []),
      el("span", {class: "what"}, title ? what.replace(device, title) : what),
      ...(payload ? [el("code", {}, payload)] : []));
  }
}
