// Lists that a person opens rows of. What was opened is in sight, with the focus on its heading, once for each time; where an
// arrow key opened it, the focus stays in the list, and Enter leads to it. Where a row opens another screen, a click goes there by
// the button that is drawn for the row, and an arrow key waits for Enter.
// The document names the language that the reader has chosen, and whether Streamlit's theme is light or dark.
(() => {
  const seen = new Set();
  let byKey = false;
  const heading = () => {
    const opened = document.querySelector("[class*='st-key-opened_']");
    const found = opened?.querySelector("h1, h2, h3");
    return found && [[...opened.classList].find(name => name.startsWith("st-key-opened_")), found];
  };
  const button = () => {
    const place = document.querySelector("[class*='st-key-follow_']");
    const found = place?.querySelector("button");
    return found && [[...place.classList].find(name => name.startsWith("st-key-follow_")), found];
  };
  const focus = found => {
    found.tabIndex = -1;
    found.scrollIntoView({ block: "start" });
    found.focus({ preventScroll: true });
  };
  const inList = event => event.target instanceof Element && event.target.closest("[data-testid=stDataFrame]");
  addEventListener("pointerdown", () => { byKey = false; }, true);
  addEventListener("keydown", event => {
    byKey = true;
    if (event.key !== "Enter" || !inList(event)) return;
    const follow = button(), found = heading();
    if (follow) follow[1].click();
    else if (found) focus(found[1]);
  }, true);
  const language = () => {
    const found = /st-key-speaks_([a-z]+)/.exec(document.querySelector("[class*='st-key-speaks_']")?.className);
    if (found && document.documentElement.lang !== found[1]) document.documentElement.lang = found[1];
  };
  let dressed = "";
  const theme = () => {
    const app = document.querySelector("[data-testid=stApp]");
    if (!app || app.className === dressed) return;
    dressed = app.className;
    document.documentElement.dataset.theme = getComputedStyle(app).colorScheme;
  };
  new MutationObserver(() => {
    language();
    theme();
    const follow = button();
    if (follow && !byKey && !seen.has(follow[0])) {
      seen.add(follow[0]);
      follow[1].click();
    }
    const found = heading();
    if (!found || seen.has(found[0])) return;
    seen.add(found[0]);
    if (!byKey || !document.activeElement?.closest("[data-testid=stDataFrame]")) focus(found[1]);
  }).observe(document, { childList: true, subtree: true, attributeFilter: ["class"] });
})();
