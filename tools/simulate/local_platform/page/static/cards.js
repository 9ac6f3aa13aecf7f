// One asset: its value, its chart, its control, and a way to send anything by hand.

import {ask} from "./api.js";
import {Chart} from "./charts.js";
import {field} from "./controls.js";
import {el, shown, when} from "./dom.js";
import {isNumeric} from "./model.js";

const ANSWER_MS = 6000;
const SLIDER_PAUSE_MS = 300;
const SAYS = {command: "Command", event: "Event", state: "State"};

export class Card {
  constructor(asset) {
    this.asset = asset;
    this.form = asset.form;
    this.value = el("span", {class: "value"}); // no <output>: readers would speak all the time
    this.time = el("span", {class: "time"});
    this.note = el("p", {class: "note", role: "status"});
    this.node = el("article", {class: "card", "data-asset": asset.name},
      el("div", {class: "card-head"},
        el("h3", {title: asset.name}, asset.title),
        el("span", {class: "kind"}, asset.is)),
      el("div", {class: "card-value"}, this.value, this.time));
    if (asset.is === "actuator") this.node.append(this.control());
    if (isNumeric(asset.profile)) this.addChart();
    this.node.append(this.note, this.more());
    this.update();
  }

  remove() {
    this.chart?.remove();
    clearTimeout(this.timer);
    this.node.remove();
  }

  update() {
    const {value, at, profile} = this.asset;
    const text = at === null ? "never set" : shown(value, profile);
    this.value.textContent = text;
    this.value.classList.toggle("long", text.length > 16);
    this.value.classList.toggle("never", at === null);
    this.value.classList.toggle("on", value === true);
    this.time.textContent = at === null ? "" : when(at);
    if (this.isWaiting) this.stopWaiting("");
    if (this.main && !this.isEdited) this.main.set(value);
  }

  addChart() {
    const hover = el("p", {class: "hover", "aria-live": "polite"});
    const host = el("div", {class: "chart"});
    this.chart = new Chart(this.asset, host, hover);
    this.node.append(hover, host);
  }

  // What an actuator is for: its value by one touch.
  control() {
    const {title, profile} = this.asset;
    this.main = field(profile, title);
    const form = el("form", {class: "control"}, this.main.node);
    if (this.main.acts) {
      let pause = null;
      this.main.node.addEventListener("change", () => {
        clearTimeout(pause); // a slider under the arrow keys: the last value counts
        const isSlider = this.main.node.classList.contains("slider");
        pause = setTimeout(() => this.command(), isSlider ? SLIDER_PAUSE_MS : 0);
      });
      this.main.node.addEventListener("input", () => { this.isEdited = true; });
    } else {
      form.append(el("button", {"aria-label": `Send ${title}`}, "Send"));
      form.addEventListener("input", () => { this.isEdited = true; });
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.main.acts) this.command();
    });
    return form;
  }

  async command() {
    if (!(await this.send("command", this.main))) {
      this.isEdited = false;
      this.main.set(this.asset.value);
      return;
    }
    this.isEdited = false;
    this.isWaiting = true;
    this.node.classList.add("waiting");
    this.timer = setTimeout(() => {
      this.stopWaiting("the device has not said yet that it did it");
      this.main.set(this.asset.value);
    }, ANSWER_MS);
  }

  stopWaiting(text) {
    this.isWaiting = false;
    clearTimeout(this.timer);
    this.node.classList.remove("waiting");
    this.say(text);
  }

  // Returns whether somebody can do it.
  async send(stream, from) {
    const {device, name} = this.asset;
    clearTimeout(this.timer);
    try {
      const value = from.read();
      const answer = await ask("POST", "send", {device, asset: name, stream, value});
      const {listeners} = await answer.json();
      if (listeners === 0) {
        this.say(`${SAYS[stream]} sent, but nobody is listening: is the device on line?`, true);
        return false;
      }
      this.say(`${SAYS[stream]} sent`);
      return true;
    } catch (error) {
      this.say(error.message, true);
      return false;
    }
  }

  say(text, isBad = false) {
    this.note.textContent = text;
    this.note.classList.toggle("bad", isBad);
  }

  // Anything by hand, and the history as a file.
  more() {
    const {title, profile} = this.asset;
    const details = el("details", {class: "more"}, el("summary", {}, "Send by hand, CSV"));
    details.addEventListener("toggle", () => {
      if (details.childElementCount > 1) return; // made once it is wanted: a page has many
      const any = field(profile, `${title}, by hand`);
      any.set(this.asset.value);
      const stream = el("select", {"aria-label": `What is sent to ${title}`},
        el("option", {value: "state"}, "state, as the device would"),
        el("option", {value: "command"}, "command to the device"),
        el("option", {value: "event"}, "event to the device"));
      const form = el("form", {class: "by-hand"}, any.node, stream,
        el("button", {"aria-label": `Send by hand to ${title}`}, "Send"));
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.send(stream.value, any);
      });
      const save = el("button", {
        type: "button", "aria-label": `History of ${title} as CSV`, onclick: () => this.save(),
      }, "History as CSV");
      details.append(form, save);
    });
    return details;
  }

  async save() {
    const {device, name, deviceTitle} = this.asset;
    try {
      const answer = await ask("GET", `history.csv?${new URLSearchParams({device, asset: name})}`);
      const address = URL.createObjectURL(await answer.blob());
      el("a", {href: address, download: `${deviceTitle} ${name}.csv`}).click();
      setTimeout(() => URL.revokeObjectURL(address), 60000);
    } catch (error) {
      this.say(error.message, true);
    }
  }
}
