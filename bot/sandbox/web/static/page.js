// Keeps the page up to date, and sends what is pressed, chosen and typed. Everything shown is made by the server.
"use strict";

const { user, place, thread } = document.body.dataset;
let seen = document.body.dataset.seen;
const notice = document.getElementById("notice");

function say(words) {
  notice.textContent = words || "";
}

async function act(what) {
  try {
    const answer = await fetch("/act", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ user, place, thread, ...what }),
    });
    const then = await answer.json();
    say(then.problem);
    if (then.go) location.assign(then.go);
    return !then.problem;
  } catch {
    say("The demo cannot be reached. Was it ended?");
    return false;
  }
}

// --- what the server shows ---

const FOCUSABLE = "a, button, input, select, textarea, summary";

function swap(id, html) {
  const region = document.getElementById(id);
  if (!region || region.innerHTML === html || region.dataset.shown === html) return;
  const scroll = region.closest(".scroll");
  const atEnd = scroll && place !== "home" && scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60;
  const focused = [...region.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement);
  region.innerHTML = html;
  region.dataset.shown = html;
  if (atEnd) scroll.scrollTop = scroll.scrollHeight;
  if (focused >= 0) region.querySelectorAll(FOCUSABLE)[focused]?.focus();
  if (id === "modal") openModal();
}

function openModal() {
  const dialog = document.querySelector("#modal dialog");
  if (!dialog) return;
  dialog.showModal();
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    act({ kind: "close" });
  });
}

async function follow() {
  for (;;) {
    try {
      const wanted = new URLSearchParams({ user, place, thread, seen });
      const answer = await fetch(`/parts?${wanted}`);
      if (answer.status === 200) {
        const parts = await answer.json();
        seen = parts.seen;
        for (const [id, html] of Object.entries(parts)) if (id !== "seen") swap(id, html);
      } else if (answer.status === 410) {
        say((await answer.json()).problem);
        return;
      }
    } catch {
      say("The demo cannot be reached. Was it ended?");
      await new Promise((later) => setTimeout(later, 1000));
    }
  }
}

// --- what the person does ---

function whereIs(element) {
  const article = element.closest("article");
  return article ? { channel: article.dataset.channel, ts: article.dataset.ts, home: article.dataset.home !== undefined } : {};
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { press, shortcut, step, close, confirm: question } = button.dataset;
  if (press !== undefined) {
    if (question && !window.confirm(question)) return;
    act({ kind: "press", action_id: press, value: button.value, ...whereIs(button) });
  } else if (shortcut !== undefined) {
    act({ kind: "shortcut", callback_id: shortcut, ...whereIs(button) });
  } else if (step !== undefined) {
    act({ kind: "step", step });
  } else if (close !== undefined) {
    act({ kind: "close" });
  }
});

document.addEventListener("change", (event) => {
  const chosen = event.target.dataset.choose;
  if (chosen === undefined || !event.target.value) return;
  act({ kind: "press", action_id: chosen, value: event.target.value, ...whereIs(event.target) });
  if (event.target.tagName === "SELECT") event.target.selectedIndex = 0;
});

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  if (form.dataset.submit !== undefined) {
    act({ kind: "submit", values: Object.fromEntries(new FormData(form)) });
    return;
  }
  const box = form.querySelector("textarea");
  const text = box.value;
  box.value = "";
  if (!(await act({ kind: "type", text, in_thread: form.dataset.type !== "main" }))) box.value = text;
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && event.target.matches("form[data-type] textarea")) {
    event.preventDefault();
    event.target.form.requestSubmit();
  } else if (event.key === "Escape" && thread && !document.querySelector("dialog[open]")) {
    document.querySelector("aside header a")?.click();
  }
});

const ended = place === "home" ? "" : thread ? ".scroll" : "#log";
for (const scroll of ended ? document.querySelectorAll(ended) : []) scroll.scrollTop = scroll.scrollHeight;
document.getElementById(thread ? "thread-box" : "main-box")?.focus();
openModal();
follow();
