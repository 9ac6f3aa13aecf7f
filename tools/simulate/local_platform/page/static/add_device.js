// "Add a device": a title, and then the settings.json to copy.

import {ask} from "./api.js";
import {byId} from "./dom.js";

export function prepareAdding(about) {
  const dialog = byId("add-dialog");
  byId("add").addEventListener("click", () => {
    byId("add-form").hidden = false;
    byId("add-done").hidden = true;
    byId("add-form").reset();
    byId("add-error").textContent = byId("settings").value = "";
    dialog.showModal();
  });
  for (const button of dialog.querySelectorAll(".close")) {
    button.addEventListener("click", () => dialog.close());
  }
  dialog.addEventListener("close", () => { byId("settings").value = ""; });
  byId("add-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const answer = await ask("POST", "devices", {title: byId("title").value});
      show(await answer.json(), about());
    } catch (error) {
      byId("add-error").textContent = error.message;
    }
  });
  byId("copy").addEventListener("click", copy);
}

function show({settings}, {isLoopback}) {
  byId("settings").value = settings;
  byId("add-hint").textContent = isLoopback
    ? "Only programs on this PC reach 127.0.0.1. For a real board start the platform with " +
      "make platform PLATFORM_OPTIONS='--host 0.0.0.0'."
    : "A board in the same network reaches this address.";
  byId("copy").textContent = "Copy";
  byId("add-form").hidden = true;
  byId("add-done").hidden = false;
  byId("copy").focus();
}

async function copy() {
  try {
    await navigator.clipboard.writeText(byId("settings").value);
    byId("copy").textContent = "Copied";
  } catch {
    // Browsers allow it on this machine and over TLS only.
    byId("settings").select();
    byId("copy").textContent = "Selected: press Ctrl-C";
  }
}
