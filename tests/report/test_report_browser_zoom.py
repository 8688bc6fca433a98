"""Zooming a picture in the report's browser: about the pointer, by wheel, drag and buttons; what is shown at first."""

import pytest
from support.drawn_report import isic_id, make_drawn_report
from support.report_browser import opening

CENTRE = """
() => {
  const [frame, stage] = [".frame", ".stage"].map((name) => document.querySelector(name).getBoundingClientRect());
  return [
    (frame.left + frame.width / 2 - stage.left) / stage.width,
    (frame.top + frame.height / 2 - stage.top) / stage.height,
  ];
}
"""
# What of the picture lies under a point of the window.
UNDER = """
([x, y]) => {
  const stage = document.querySelector(".stage").getBoundingClientRect();
  return [(x - stage.left) / stage.width, (y - stage.top) / stage.height];
}
"""


@pytest.fixture(scope="module")
def tab(browser, demo_report):
    with opening(browser) as open_page:
        yield open_page(demo_report)


@pytest.fixture
def page(tab):
    """An image whose outlines fill it well enough to be shown whole."""
    tab.goto("#image=ISIC_9000009")
    tab.page.locator(".pairs").wait_for()
    tab.page.get_by_role("button", name="Show the whole picture").click()
    return tab.page


def factor(page) -> float:
    return float(page.locator(".zoom .factor").inner_text().rstrip("×"))


def test_buttons_zoom_about_the_middle_and_the_frame_keeps_its_size(page):
    size = page.locator(".frame").bounding_box()
    before = page.evaluate(CENTRE)
    for _ in range(3):
        page.get_by_role("button", name="Zoom in").click()
    assert factor(page) == pytest.approx(1.5**3, abs=0.06)
    assert page.evaluate(CENTRE) == pytest.approx(before, abs=0.01)
    assert page.locator(".frame").bounding_box() == size
    page.get_by_role("button", name="Zoom out").click()
    assert page.evaluate(CENTRE) == pytest.approx(before, abs=0.01)


def test_the_wheel_zooms_about_the_pointer(page):
    box = page.locator(".frame").bounding_box()
    point = [box["x"] + 0.7 * box["width"], box["y"] + 0.4 * box["height"]]
    page.mouse.move(*point)
    before = page.evaluate(UNDER, point)
    for _ in range(2):
        page.mouse.wheel(0, -100)
    page.wait_for_function("document.querySelector('.zoom .factor').textContent === '2.3×'")
    assert page.evaluate(UNDER, point) == pytest.approx(before, abs=0.01)


def test_dragging_moves_the_picture(page):
    for _ in range(3):
        page.get_by_role("button", name="Zoom in").click()
    box = page.locator(".frame").bounding_box()
    grip = [box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"]]
    before = page.evaluate(UNDER, grip)
    page.mouse.move(*grip)
    page.mouse.down()
    page.mouse.move(grip[0] + 40, grip[1] - 30, steps=4)
    page.mouse.up()
    assert page.evaluate(UNDER, [grip[0] + 40, grip[1] - 30]) == pytest.approx(before, abs=0.01)


def test_a_whole_picture_leaves_the_wheel_to_the_page(page):
    page.set_viewport_size({"width": 1280, "height": 400})
    page.mouse.move(*[page.locator(".frame").bounding_box()[side] + 40 for side in ("x", "y")])
    page.mouse.wheel(0, 200)
    page.wait_for_function("window.scrollY > 0")
    assert factor(page) == 1
    page.set_viewport_size({"width": 1280, "height": 900})


def test_small_outlines_are_brought_to_the_frame_at_first(browser, tmp_path):
    report = make_drawn_report(tmp_path, 3)
    with opening(browser) as open_page:
        tab = open_page(report)
        tab.goto("#image=" + isic_id(1))
        page = tab.page
        page.locator(".pairs").wait_for()
        outlines = page.locator(".mask .line").evaluate_all(
            "lines => lines.map((line) => line.getBoundingClientRect()).map((r) => [r.left, r.top, r.right, r.bottom])"
        )
        frame = page.locator(".frame").bounding_box()
        assert all(
            frame["x"] - 2 <= left and right <= frame["x"] + frame["width"] + 2 for left, _, right, _ in outlines
        )
        assert all(
            frame["y"] - 2 <= top and bottom <= frame["y"] + frame["height"] + 2 for _, top, _, bottom in outlines
        )
