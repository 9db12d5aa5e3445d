"""A tab of Chromium: what a page must be like, and a user who has only the keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import define, field

from helpers.chromium import new_context

AXE = Path(__file__).parents[1] / "interop/node/node_modules/axe-core/axe.min.js"
SCHEMES = ("light", "dark")
WIDTHS = (1280, 375)
HEIGHT = 800
MOST_TABS = 40
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CONTRAST = "color-contrast"
FIND = """async (rules) => {
  const found = await axe.run(document, { runOnly: rules, resultTypes: ['violations'] });
  return found.violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(' ')}`);
}"""
SHIFT = """() => new Promise((done) => {
  let sum = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) sum += entry.value;
  });
  observer.observe({ type: 'layout-shift', buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
})"""
FOCUSED = """() => {
  const element = document.activeElement;
  const label = element.labels?.[0]?.textContent ?? element.textContent;
  const style = getComputedStyle(element);
  return {
    name: (element.getAttribute('aria-label') ?? label).trim(),
    visible: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
  };
}"""


@define
class Tab:
    """A tab.

    Attributes:
        page: Playwright's page.
        messages: What the browser's console said.
    """

    page: Any
    messages: list[str] = field(factory=list)

    @classmethod
    async def open(cls, browser: Any) -> Tab:
        """Open a tab in a new browser context, which has no cookies."""
        context = await new_context(browser, viewport={"width": WIDTHS[0], "height": HEIGHT})
        tab = cls(await context.new_page())
        tab.page.on("console", lambda message: tab.messages.append(message.text))
        tab.page.on("pageerror", lambda error: tab.messages.append(str(error)))
        return tab

    async def close(self) -> None:
        """Close the browser context."""
        await self.page.context.close()

    async def text(self) -> str:
        """Return the whole page as text."""
        return str(await self.page.content())

    async def press(self, button: str) -> None:
        """Press a button, and wait for the page that follows."""
        async with self.page.expect_navigation():
            await self.page.get_by_role("button", name=button, exact=True).click()

    async def fill(self, **fields: str) -> None:
        """Fill in fields by their names."""
        for name, value in fields.items():
            await self.page.fill(f'[name="{name}"]', value)

    async def sign_in(self, origin: str, username: str, password: str) -> None:
        """Sign in with a password."""
        await self.page.goto(f"{origin}/sign-in")
        await self.fill(username=username, password=password)
        await self.press("Sign in")

    def refused(self, status: int) -> None:
        """Take the one message by which Chromium reports the status of a page."""
        expected = f"Failed to load resource: the server responded with a status of {status}"
        assert len(self.messages) == 1, self.messages
        assert self.messages.pop().startswith(expected)

    async def look(self, name: str, screenshots: Path) -> None:
        """Look at the page: light and dark, wide and narrow. Screenshots are written beside each other."""
        assert await self.page.evaluate(SHIFT) == 0, f"{name}: the layout has shifted"
        for scheme in SCHEMES:
            await self.page.emulate_media(color_scheme=scheme)
            for width in WIDTHS:
                await self.page.set_viewport_size({"width": width, "height": HEIGHT})
                assert await self.page.evaluate("document.documentElement.scrollWidth") <= width, name
                path = screenshots / f"{name}-{scheme}-{width}.png"
                await self.page.screenshot(path=path, full_page=True, animations="disabled")
            await self._judge(f"{name}, {scheme}", RULES if scheme == SCHEMES[0] else [CONTRAST])
        await self.page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
        await self.page.emulate_media(color_scheme=SCHEMES[0])

    async def _judge(self, name: str, rules: list[str]) -> None:
        """Have axe look at the page. The rules but one see the same in light and dark."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = await self.page.evaluate(FIND, rules)
        assert found == [], f"{name}: {found}"

    async def tab_to(self, name: str) -> None:
        """Press Tab until the element with this label has the focus, which must be visible all the way."""
        for _ in range(MOST_TABS):
            await self.page.keyboard.press("Tab")
            focused = await self.page.evaluate(FOCUSED)
            assert focused["visible"], focused
            if focused["name"] == name:
                return
        raise AssertionError(f"{name!r} cannot be reached by Tab on {self.page.url}")

    async def type(self, name: str, text: str) -> None:
        """Type into a field."""
        await self.tab_to(name)
        await self.page.keyboard.type(text)

    async def enter(self, name: str | None = None) -> None:
        """Press Enter, on a button or link or in the present field, and wait for the page that follows."""
        if name is not None:
            await self.tab_to(name)
        async with self.page.expect_navigation():
            await self.page.keyboard.press("Enter")
