"""Fixtures that look at reports with Debian's Chromium: the browser, the reports, and a page that notes its faults."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest

from support.once import made_once
from support.report_files import report_data
from support.run import STAGES, succeed

CHROMIUM = Path(os.environ.get("IMAPP_BROWSER", "/usr/bin/chromium"))
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 20_000  # milliseconds
WINDOW = {"width": 1280, "height": 900}
SUBSET_SIZE = 2394  # images of the released subset


class ReportPage:
    """A report opened from file://, with what it asked for and what it complained of."""

    def __init__(self, context, folder: Path):
        self.folder = folder
        self.uri = folder.resolve().as_uri() + "/"
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", self._note_failure)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._note_console)

    def _note_failure(self, request) -> None:
        if request.failure != "net::ERR_ABORTED":  # a photo that was on its way when the page was left
            self.complaints.append(f"{request.failure}: {request.url}")

    def _note_console(self, message) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def goto(self, address: str = "") -> None:
        """Load the report afresh at a hash."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.uri}index.html{address}")

    def check(self) -> None:
        """Assert that nothing was asked for outside the folder, and that nothing went wrong."""
        outside = [url for url in self.requests if not url.startswith(self.uri) and url != "about:blank"]
        assert not outside, outside
        assert not self.complaints, self.complaints


def index_rows(report: Path) -> list[dict]:
    """Return the rows of a report's browser."""
    return report_data(report, "images")


def make_demo_report(demo: Path, output: Path) -> None:
    """Run the pipeline on the demo, the figures but one left out."""
    with mock.patch.dict(os.environ, IMAPP_DEMO_DIR=str(demo)):
        for stage in (*STAGES, "plot_dataset_distribution", "make_report"):
            succeed(stage, output)


@pytest.fixture(scope="session")
def needs_chromium() -> None:
    """Skip where there is no browser, before anything is made for it."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}; `bash tests/install_browser.sh` installs it or says why it cannot")


@pytest.fixture(scope="session")
def demo_report(needs_chromium, demo_folder, tmp_path_factory) -> Path:
    """Folder of the report on the demo; read only."""
    made = made_once(tmp_path_factory, "demo_report", lambda folder: make_demo_report(demo_folder, folder / "output"))
    return made / "output" / "report"


@pytest.fixture(scope="session")
def big_report(needs_chromium, tmp_path_factory) -> Path:
    """Folder of the report on as many drawn images as the released subset has; read only."""
    from support.drawn_report import make_drawn_report  # it imports much that other tests do not need

    made = made_once(tmp_path_factory, "big_report", lambda folder: make_drawn_report(folder, SUBSET_SIZE))
    return made / "output" / "report"


@pytest.fixture(scope="module")
def browser(needs_chromium):
    """A running Chromium; it ends with the file, since its event loop is in the way of other tests that have one."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, chromium_sandbox=False)
        yield browser
        browser.close()


@contextmanager
def opening(browser) -> Iterator[Callable[..., ReportPage]]:
    """Open reports, each in a profile of its own without a network; at the end no page may have a fault."""
    contexts, pages = [], []

    def open_page(folder: Path, address: str = "", **options) -> ReportPage:
        contexts.append(browser.new_context(offline=True, **{"viewport": WINDOW, **options}))
        pages.append(ReportPage(contexts[-1], folder))
        pages[-1].goto(address)
        return pages[-1]

    yield open_page
    for context in contexts:
        context.close()
    for page in pages:
        page.check()


@pytest.fixture
def open_report(browser) -> Iterator[Callable[..., ReportPage]]:
    """Open a report: folder, hash, options of the browser's context."""
    with opening(browser) as open_page:
        yield open_page
