// Tabs, as the ARIA practices have them: arrows go from one to the next, Tab into the panel.

import {byId} from "./dom.js";

export function prepareTabs() {
  const tabs = [...byId("tabs").children];
  const show = (chosen) => {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      byId(tab.getAttribute("aria-controls")).hidden = !isChosen;
    }
  };
  for (const tab of tabs) tab.addEventListener("click", () => show(tab));
  byId("tabs").addEventListener("keydown", (event) => {
    const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (!step) return;
    const there = tabs.filter((tab) => !tab.hidden);
    const next = there[(there.indexOf(document.activeElement) + step + there.length) % there.length];
    show(next);
    next.focus();
    event.preventDefault();
  });
  show(tabs[0]);
}
