"""The page and the real window, as the tests of the page have them."""

from tests.e2e.conftest import browser, chromium, environment, links, localchat, open_window, screen, serve

__all__ = ["browser", "chromium", "environment", "links", "localchat", "open_window", "screen", "serve"]
