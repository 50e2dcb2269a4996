// One question on its way: asks, follows the answer through broken lines, and stops it.

import { begin, failed, finish, finishPartly, halt, lineBroke, lineStands, startOver, take } from "./answer.js";
import { announce, eventsOf, readOn, remember, say, send, stopAnswer, token, Trouble, wordsFor } from "./page.js";

const SLOW_AFTER = 8_000; // ms without any text: say so
const DEAD_AFTER = 40_000; // ms without any byte, though the server sends one every quarter of a minute: the line is dead
const PAUSES = [0, 500, 1_000, 2_000, 4_000, 8_000, 8_000]; // ms before each try to read on; the server waits for half a minute
const OFFLINE_PATIENCE = 60_000;

let asking = null; // the AbortController of the answer that is on its way
const watchers = [];

export const isAsking = () => Boolean(asking);
export const onBusy = (watcher) => watchers.push(watcher);
export const stop = () => asking?.abort("stopped");

// Asks a question and shows its answer in the turn.
export const ask = (turn, message) =>
  run(begin(turn, message), (signal) => send(message, signal));

// Picks up an answer that was being made when the page was loaded anew.
export const pickUp = (turn, message, id) => {
  const answer = begin(turn, message, { calmly: true });
  Object.assign(answer, { id, token });
  return run(answer, (signal) => readOn(answer, signal));
};

async function run(answer, open) {
  const controller = (asking = new AbortController());
  watchers.forEach((watcher) => watcher(true));
  const slow = setTimeout(tellSlow, SLOW_AFTER, answer);
  try {
    await follow(answer, open, controller.signal);
  } catch (error) {
    await end(answer, error, controller.signal);
  } finally {
    clearTimeout(slow);
    if (asking === controller) {
      asking = null;
      watchers.forEach((watcher) => watcher(false));
    }
  }
}

async function follow(answer, open, signal) {
  let tries = 0;
  for (;;) {
    try {
      await listen(answer, open, signal, () => { tries = 0; });
    } catch (error) {
      // Whatever the server says itself is final; a line that broke is not, once the answer has a name.
      if (signal.aborted || isFinal(error) || !answer.id || tries >= PAUSES.length) throw error;
    }
    if (answer.done) return;
    if (!answer.id) throw new Trouble(say("broken"));
    lineBroke(answer);
    await pause(PAUSES[tries++] ?? 0, signal);
    open = (line) => readOn(answer, line);
  }
}

const isFinal = ({ isLast, status = 0 }) => isLast || (status > 0 && ![429, 502, 503, 504].includes(status));

async function listen(answer, open, signal, onEvent) {
  const line = new AbortController();
  const hangUp = () => line.abort(signal.reason);
  signal.addEventListener("abort", hangUp);
  if (signal.aborted) hangUp();
  let silence;
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => line.abort("silent"), DEAD_AFTER);
  };
  heard();
  try {
    for await (const event of eventsOf(await open(line.signal), heard)) {
      onEvent();
      lineStands(answer);
      hear(answer, event);
    }
  } finally {
    clearTimeout(silence);
    signal.removeEventListener("abort", hangUp);
  }
}

function hear(answer, { name, data, id }) {
  if (id) answer.lastEvent = id;
  if (name === "start") {
    remember(data.conversation_token);
    Object.assign(answer, { id: data.message_id, token: data.conversation_token });
    startOver(answer);
  } else if (name === "done") {
    finish(answer, data, { live: true });
  } else if (name === "error") {
    throw new Trouble(wordsFor(data), { isLast: true });
  } else {
    take(answer, name, data);
  }
}

// Waits; while the visitor is offline until that is over, since trying is in vain.
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const offline = !navigator.onLine;
    const timer = setTimeout(finished, offline ? OFFLINE_PATIENCE : ms);
    if (offline) addEventListener("online", finished, { once: true });
    signal.addEventListener("abort", finished);
    function finished() {
      clearTimeout(timer);
      removeEventListener("online", finished);
      signal.removeEventListener("abort", finished);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    }
  });
}

function tellSlow(answer) {
  if (answer.text || answer.done) return;
  answer.element.querySelector(".waiting-words").textContent = say("slow");
  announce(say("slow"));
}

// How an answer ends that did not become whole: with what was kept of it, and with a way to ask again.
async function end(answer, error, signal) {
  const again = () => ask(answer.turn, answer.message);
  if (!signal.aborted) {
    failed(answer, error instanceof Trouble ? error : lost(), again);
    return;
  }
  halt(answer);
  const kept = answer.id ? await stopAnswer(answer).catch(() => null) : null;
  const trouble = new Trouble(say("stopped"), { gentle: true });
  if (kept?.complete) finish(answer, kept);
  else if (kept?.text) finishPartly(answer, kept, trouble, again);
  else failed(answer, trouble, again);
}

const lost = () => new Trouble(say(navigator.onLine ? "broken" : "offline"), { offline: !navigator.onLine });
