// A link of the menu, or of a screen, that is opened in a tab of its own carries the choice of account, which is in the address:
// Streamlit's links do not. It is written into the link just before it can be used.
(() => {
  const carry = event => {
    const link = event.target instanceof Element && event.target.closest("[data-testid=stSidebarNavLink], [data-testid=stPageLink] a");
    if (!link) return;
    const address = new URL(link.href), account = new URLSearchParams(location.search).get("account");
    if (account) address.searchParams.set("account", account);
    else address.searchParams.delete("account");
    link.href = address.href;
  };
  addEventListener("pointerdown", carry, true);
  addEventListener("focusin", carry, true);
})();
