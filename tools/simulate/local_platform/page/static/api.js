// Asks the platform, and listens to it: again and again, until it answers.

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 3000;
const SILENCE_MS = 15000; // three times what the platform says nothing for

// Kept for this tab only, and sent by this page only.
let token = sessionStorage.getItem("token") || "";

export const hasToken = () => token !== "";

export function setToken(text) {
  token = text;
  if (text) sessionStorage.setItem("token", text);
  else sessionStorage.removeItem("token");
}

export class Refusal extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

async function request(method, path, body, signal) {
  const headers = token ? {Authorization: `Bearer ${token}`} : {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(`/ui/api/${path}`, {
    method, headers, signal, cache: "no-store", body: body && JSON.stringify(body),
  });
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  throw new Refusal(response.status, said.error || `HTTP ${response.status}`);
}

export async function ask(method, path, body) {
  try {
    return await request(method, path, body);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Error("the platform does not answer");
  }
}

// Calls take(batch) with what happens; onStatus("live" | "connecting" | "refused", why).
export async function listen(take, onStatus) {
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    try {
      await follow((batch) => {
        pause = FIRST_PAUSE_MS;
        take(batch);
      }, onStatus);
      onStatus("connecting");
    } catch (error) {
      if (error instanceof Refusal && (error.status === 401 || error.status === 403)) {
        onStatus("refused", error.message);
        return;
      }
      onStatus("connecting");
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

// Server-sent events by fetch, since EventSource cannot send a token.
async function follow(take, onStatus) {
  const giveUp = new AbortController();
  let silence = setTimeout(() => giveUp.abort(), SILENCE_MS);
  try {
    const response = await request("GET", "events", undefined, giveUp.signal);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    onStatus("live");
    let text = "";
    for (;;) {
      const {value, done} = await reader.read();
      if (done) return;
      clearTimeout(silence);
      silence = setTimeout(() => giveUp.abort(), SILENCE_MS);
      const events = (text + value).split("\n\n");
      text = events.pop();
      for (const event of events) {
        if (event.startsWith("data: ")) take(JSON.parse(event.slice(6)));
      }
    }
  } finally {
    clearTimeout(silence);
  }
}
