// Buttons and footnotes of the page's own HTML: what they do here, and what they tell the server.
//
// The page's policy forbids evaluating strings, so nothing is handed to Gradio as script. A button's data
// attributes go into a hidden field as JSON, and a hidden button sends them.
(() => {
  "use strict";
  const one = (selector, within = document) => within.querySelector(selector);
  const SENDERS = { ask: "#ask-again", retry: "#ask-again", page: "#shelve", remove: "#shelve", heard: "#hear" };
  const CHANGES_CONVERSATION = ["ask", "retry", "edit", "rate", "new", "switch", "delete"];
  const BUSY = "Wait for the answer, or stop it first.";
  const EARLY = "The question is asked as soon as the page has loaded.";
  const wide = matchMedia("(min-width: 1080px)");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const seen = new WeakSet();
  let opener = null; // the footnote or button that opened the panel, by its key or address
  let early = false; // a question was sent before the conversations were there
  let focused = ""; // where the focus was, for when a part is drawn again under it

  let tabs = null; // the channel to the other tabs on this corpus
  const heard = []; // what they have kept or deleted, and this tab does not know yet

  const announce = (text) => {
    const place = one("#announce .md") || one("#announce");
    if (place) place.textContent = text;
  };

  const send = (action) => {
    const field = one("#action textarea, #action input");
    if (!field) return;
    field.value = JSON.stringify(action);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    one(SENDERS[action.do] || "#act").click();
  };

  const identity = (element) => {
    if (!element || element === document.body) return "";
    if (element.dataset && element.dataset.key) return `[data-key="${CSS.escape(element.dataset.key)}"]`;
    if (element.matches && element.matches("a.footnote")) {
      return `a.footnote[href="${element.getAttribute("href")}"][data-places="${element.dataset.places}"]`;
    }
    return "";
  };

  // The panel

  const closePanel = () => {
    document.body.classList.remove("panel-open");
    const back = opener && one(opener);
    opener = null;
    if (back) back.focus();
  };

  const show = (article, places) => {
    document.body.classList.add("panel-open");
    document.querySelectorAll("#evidence mark.current").forEach((mark) => mark.classList.remove("current"));
    const wanted = (places || "").split(" ").filter(Boolean).map((place) => place.split("-").map(Number));
    const marks = [...article.querySelectorAll("mark[data-start]")].filter((mark) =>
      wanted.some(([start, end]) => Number(mark.dataset.start) < end && start < Number(mark.dataset.end)));
    marks.forEach((mark) => mark.classList.add("current"));
    article.focus({ preventScroll: true });
    const motion = calm.matches ? "auto" : "smooth";
    article.scrollIntoView({ block: "start", behavior: marks.length ? "auto" : motion });
    if (marks.length) marks[0].scrollIntoView({ block: "center", behavior: motion });
  };

  // The conversations, when they come, would be drawn over a question that was asked sooner: it waits for them.
  const mayWait = (event) => {
    early = !one(".shelf");
    if (!early && !one(".turn.live")) return;
    event.preventDefault();
    event.stopPropagation();
    announce(early ? EARLY : BUSY);
  };

  document.addEventListener("keydown", (event) => {
    const sends = event.key === "Enter" && !event.shiftKey && event.target.closest && event.target.closest("#question");
    if (sends) mayWait(event);
  }, true);

  const follow = (link) => {
    const id = link.getAttribute("href").slice(1);
    opener = identity(link);
    const article = document.getElementById(id);
    if (article) {
      show(article, link.dataset.places);
      return;
    }
    const turn = /^turn-(\d+)-/.exec(id);
    send({ do: "evidence", turn: turn[1], marker: link.dataset.marker, places: link.dataset.places });
  };

  // What buttons do without the server

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea"); // without TLS there is no clipboard, but there is this
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    announce("Copied");
  };

  const confirmed = (button) => {
    if (button.dataset.sure) return true;
    const label = button.textContent;
    button.dataset.sure = "yes";
    button.textContent = "Sure?";
    announce("Press again to confirm");
    setTimeout(() => {
      delete button.dataset.sure;
      button.textContent = label;
    }, 4000);
    return false;
  };

  const act = async (button) => {
    const { key, sure, text, ...action } = button.dataset;
    if (action.do === "copy") {
      await copy(text);
      const label = button.textContent;
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = label; }, 1500);
      return;
    }
    if (action.do === "close") {
      closePanel();
      return;
    }
    if (CHANGES_CONVERSATION.includes(action.do) && one(".turn.live")) {
      announce(BUSY);
      return;
    }
    if ((action.do === "remove" || action.do === "delete") && !confirmed(button)) return;
    if (action.do === "open" || action.do === "evidence") opener = identity(button);
    send(action);
    if (action.do === "edit") one("#question textarea, #question input").focus();
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("#ask")) mayWait(event);
    const target = event.target.closest("a.footnote, [data-do]");
    if (!target) return;
    event.preventDefault();
    event.stopPropagation();
    if (target.matches("a.footnote")) follow(target);
    else act(target);
  }, true);

  document.addEventListener("change", (event) => {
    if (event.target.name === "colour") event.target.closest(".map").dataset.colour = event.target.value;
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("panel-open")) closePanel();
    const typing = event.target.matches("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      const field = [...document.querySelectorAll("#question textarea, #search textarea, #search input")]
        .find((each) => each.offsetParent);
      if (field) field.focus();
    }
  });

  document.addEventListener("focusin", (event) => { focused = identity(event.target); });

  // What follows from a part being drawn again

  const save = (file) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file.textContent], { type: file.dataset.type }));
    link.download = file.dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  const fresh = (selector) => {
    const found = one(selector);
    if (!found || seen.has(found)) return null;
    seen.add(found);
    return found;
  };

  // Gradio's own main holds the masthead and the panel too; landmarks may not nest like that.
  const ROLES = {
    "main.contain": { role: "presentation" },
    "#announce": { role: "status", "aria-live": "polite" },
    "#masthead": { role: "banner" },
    "#main": { role: "main" },
    "#panel": { role: "complementary", "aria-label": "Evidence", tabindex: "0" },
  };

  const describe = () => {
    for (const [selector, attributes] of Object.entries(ROLES)) {
      const part = one(selector);
      if (part && part.getAttribute("role") !== attributes.role) {
        for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
      }
    }
  };

  // Every tab keeps all conversations. What another one tells waits for this one's answer, which would overwrite it.
  const gossip = () => {
    const mount = one("#news pre[data-corpus]");
    if (mount && !tabs) {
      tabs = new BroadcastChannel(`footnote-${mount.dataset.corpus}`);
      tabs.addEventListener("message", (event) => {
        heard.push(event.data);
        gossip();
      });
    }
    const news = fresh("#news pre[data-once]");
    if (news) tabs.postMessage(JSON.parse(news.textContent));
    if (heard.length && one(".shelf") && !one(".turn.live")) send({ do: "heard", news: heard.splice(0) });
  };

  const settle = () => {
    describe();
    gossip();
    if (early && one(".shelf")) {
      early = false;
      one("#ask").click();
    }
    const file = fresh("#outbox pre[data-once]");
    if (file) save(file);
    const asked = fresh("#evidence .sources[data-focus]");
    if (asked) {
      const article = document.getElementById(asked.dataset.focus);
      if (article) show(article, asked.dataset.places);
    }
    const list = fresh(".shelf details");
    if (list) list.open = wide.matches;
    const live = fresh(".turn.live");
    if (live && !seen.has(live.closest("#live"))) {
      seen.add(live.closest("#live"));
      live.scrollIntoView({ block: "start", behavior: "auto" });
    }
    const last = fresh("#transcript .turn:last-child");
    if (last && !live) {
      const mount = one("#live");
      if (seen.delete(mount)) last.scrollIntoView({ block: "start", behavior: "auto" });
    }
    if (focused && document.activeElement === document.body) {
      const again = one(focused);
      if (again) again.focus({ preventScroll: true });
    }
  };

  wide.addEventListener("change", () => {
    const list = one(".shelf details");
    if (list) list.open = wide.matches;
  });
  new MutationObserver(settle).observe(document.documentElement, { childList: true, subtree: true });
})();
