// What the platform can be told to do wrong: the same as `make fault`.

import {ask} from "./api.js";
import {byId, el} from "./dom.js";

export class Faults {
  constructor() {
    this.node = byId("faults");
    this.note = el("p", {class: "note", role: "status"});
    this.rows = new Map();
  }

  // Makes a row for each kind: {name: {text, default}}.
  setKinds(kinds) {
    this.rows = new Map(Object.entries(kinds).map(([name, kind]) => [name, this.row(name, kind)]));
    this.node.replaceChildren(
      el("p", {class: "hint"}, "What real platforms and networks do at times. How does your device take it?"),
      el("ul", {class: "faults"}, ...[...this.rows.values()].map(({node}) => node)),
      el("button", {type: "button", onclick: () => this.put({name: null, on: false})}, "All off"),
      this.note);
  }

  // Shows what is on: {name: {value, count}}, count null for always.
  setActive(active) {
    for (const [name, row] of this.rows) {
      const fault = active[name];
      row.toggle.checked = !!fault;
      row.node.classList.toggle("on", !!fault);
      if (fault && row.value) row.value.value = fault.value;
      row.left.textContent = fault?.count ? `${fault.count} left` : "";
    }
  }

  row(name, kind) {
    const title = name.replaceAll("_", "-");
    const toggle = el("input", {
      type: "checkbox", role: "switch", class: "switch", "aria-label": title,
      onchange: () => this.set(name),
    });
    const count = el("input", {
      type: "number", min: "1", placeholder: "∞", class: "count",
      "aria-label": `How often ${title} happens; empty: always`,
    });
    const value = kind.default === null ? null : el("input", {
      type: typeof kind.default === "number" ? "number" : "text", value: kind.default,
      class: "fault-value", "aria-label": `VALUE of ${title}`,
    });
    const left = el("span", {class: "left"});
    const numbers = el("span", {class: "numbers"},
      ...(value ? ["VALUE ", value] : []), " times ", count, left);
    const node = el("li", {}, toggle,
      el("span", {class: "fault"}, el("b", {}, title), el("span", {}, kind.text), numbers));
    return {node, toggle, count, value, left, kind};
  }

  async set(name) {
    const {toggle, count, value, kind} = this.rows.get(name);
    const isNumber = typeof kind.default === "number";
    const body = {name, on: toggle.checked, count: count.value ? Number(count.value) : null};
    if (value) body.value = isNumber && value.value ? Number(value.value) : value.value || null;
    if (!(await this.put(body))) toggle.checked = !toggle.checked;
  }

  async put(body) {
    try {
      await ask("PUT", "faults", body);
      this.note.textContent = "";
      return true;
    } catch (error) {
      this.note.textContent = error.message;
      return false;
    }
  }
}
