"""One image in the report's browser, on the demo: outlines, switches, vote counts, tables, links and history."""

import shutil

import pytest
from support.drawn_report import isic_id, make_drawn_report
from support.files import table_rows
from support.report_browser import index_rows, opening
from support.report_files import report_details

PAIR_COLUMNS = ("dice_score", "jaccard_score", "hd_score", "hd95_score", "assd_score")
PREFIX = "IMAplusplus_multiannotator_subset_"
# A point on a mask's outline, in the window, where no other outline is within reach of the pointer.
LONE_POINT = """
(index) => {
  const path = document.querySelectorAll(".mask .hit")[index];
  const length = path.getTotalLength();
  for (let step = 0; step < 400; step++) {
    const point = path.getPointAtLength((length * step) / 400).matrixTransform(path.getScreenCTM());
    const hits = document.elementsFromPoint(point.x, point.y).filter((one) => one.classList.contains("hit"));
    if (hits.length === 1 && hits[0] === path) return [point.x, point.y];
  }
  return null;
}
"""


@pytest.fixture(scope="module")
def row(demo_report):
    """The image that most annotators outlined."""
    return max(index_rows(demo_report), key=lambda row: row["n"])


@pytest.fixture(scope="module")
def detail(demo_report, row):
    return report_details(demo_report, row["key"])


@pytest.fixture(scope="module")
def tab(browser, demo_report):
    with opening(browser) as open_page:
        yield open_page(demo_report)


@pytest.fixture
def page(tab, row):
    """That image, opened by its link."""
    tab.goto("#image=" + row["id"])
    tab.page.locator(".pairs").wait_for()
    return tab.page


def visible_outlines(page) -> list[str]:
    shown = page.locator(".mask").evaluate_all(
        "masks => masks.filter((m) => m.getClientRects().length).map((m) => m.getAttribute('aria-label'))"
    )
    return [name.partition(",")[0] for name in shown]


def rows_of(report, name: str) -> list[dict]:
    return table_rows(report.parent / "metadata" / f"{PREFIX}{name}.csv")


def cells(page, selector: str) -> list[list[str]]:
    return page.locator(f"{selector} tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.innerText.trim()))"
    )


def test_outlines_are_the_masks_in_original_pixels(page, detail, row):
    assert page.locator("#image-title").inner_text() == row["id"]
    assert row["id"] in page.title()
    drawing = page.locator(".stage > svg")
    assert drawing.get_attribute("viewBox") == f"0 0 {detail['width']} {detail['height']}"
    paths = page.locator(".mask .line")
    assert paths.evaluate_all("paths => paths.map((p) => p.getAttribute('d'))") == [m["path"] for m in detail["masks"]]
    styles = paths.evaluate_all(
        "paths => paths.map(getComputedStyle).map((s) => [s.vectorEffect, s.fillRule, s.strokeDasharray, s.stroke])"
    )
    assert {(effect, rule) for effect, rule, *_ in styles} == {("non-scaling-stroke", "evenodd")}
    humans = [style[2:] for style, mask in zip(styles, detail["masks"], strict=True) if mask["human"]]
    consensus = [style[2:] for style, mask in zip(styles, detail["masks"], strict=True) if not mask["human"]]
    assert len({tuple(style) for style in humans}) == row["n"], "every annotator has a line of their own"
    assert all(dashes != "none" for dashes, _ in consensus)
    boxes = page.locator(".stage > svg, .stage > .photo").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().toJSON())"
    )
    assert boxes[0] == boxes[1]
    assert boxes[0]["width"] / boxes[0]["height"] == pytest.approx(detail["width"] / detail["height"], rel=0.01)
    assert page.locator(".photo").evaluate("photo => photo.decode().then(() => photo.naturalWidth)") > 0


def test_outlines_switch_off_and_on(page, detail):
    names = [mask["annotator"] for mask in detail["masks"]]
    assert visible_outlines(page) == names
    switch_all = page.get_by_label("All outlines")
    page.locator(".masks").get_by_label(names[1], exact=True).uncheck()
    assert visible_outlines(page) == names[:1] + names[2:]
    assert switch_all.evaluate("box => box.indeterminate")
    switch_all.check()
    assert visible_outlines(page) == names
    switch_all.uncheck()
    assert visible_outlines(page) == []
    page.locator(".masks").get_by_label("ST", exact=True).press("Space")
    assert visible_outlines(page) == ["ST"]


def test_consensus_stays_switched_off_on_the_next_image(page):
    page.locator(".masks").get_by_label("MV", exact=True).uncheck()
    page.locator(".masks").get_by_label("A00", exact=True).uncheck()
    first = page.locator("#image-title").inner_text()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"document.getElementById('image-title').textContent !== '{first}'")
    page.locator(".pairs").wait_for()
    names = visible_outlines(page)
    assert "ST" in names and "MV" not in names
    assert len(names) == page.locator(".mask").count() - 1


def test_pointer_and_focus_name_the_annotator(page, detail):
    found = 0
    for index, mask in enumerate(detail["masks"]):
        point = page.evaluate(LONE_POINT, index)
        if point is None:
            continue
        found += 1
        page.mouse.move(*point)
        assert page.locator(".tip").inner_text().strip().startswith(mask["annotator"])
        assert page.locator(".mask.strong").count() == 1
        page.mouse.move(2, 2)
        assert not page.locator(".tip").is_visible()
    assert found >= 3
    last = detail["masks"][0]
    page.locator(".mask").first.focus()
    assert page.locator(".tip").inner_text() == f"{last['annotator']}, {last['tool']}, {last['skill']}"
    assert page.locator(".mask").nth(0).evaluate("mask => mask.classList.contains('strong')")


def test_vote_counts_have_a_legend(page, detail, row):
    votes, switch = page.locator(".votes"), page.get_by_label("Vote counts", exact=True)
    assert not votes.is_visible() and not page.locator(".legend").is_visible()
    switch.check()
    assert votes.evaluate("votes => votes.decode().then(() => votes.naturalWidth)") == detail["thumb_width"]
    legend = page.locator(".legend li")
    assert legend.all_inner_texts() == [f"{count} of {row['n']}" for count in range(1, row["n"] + 1)]
    colours = [
        f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})" for colour in detail["votes"]["colours"]
    ]
    assert (
        page.locator(".legend .colour").evaluate_all("all => all.map((e) => getComputedStyle(e).backgroundColor)")
        == colours
    )
    page.get_by_label("Opacity of vote counts").fill("0.3")
    assert votes.evaluate("votes => getComputedStyle(votes).opacity") == "0.3"
    switch.uncheck()
    assert not votes.is_visible()


def test_tables_are_those_of_the_pipeline(page, demo_report, row):
    pairs = [pair for pair in rows_of(demo_report, "IAA_metrics") if pair["img_id"] == row["img"]]
    digits = (4, 4, 1, 1, 2)
    expected = sorted(
        [pair["annotator1"], pair["annotator2"]]
        + [f"{float(pair[name]):.{places}f}" for name, places in zip(PAIR_COLUMNS, digits, strict=True)]
        for pair in pairs
    )
    assert sorted(line[:7] for line in cells(page, ".pairs")) == expected
    staple = [one for one in rows_of(demo_report, "staple_performance") if one["ISIC_id"] == row["id"]]
    estimates = [[f"{float(one[name]):.4f}" for name in ("sensitivity", "specificity")] for one in staple]
    assert [line[-2:] for line in cells(page, ".masks")] == [*estimates, ["–", "–"], ["–", "–"]]


def test_back_and_forward_go_through_images(page, row):
    title = page.locator("#image-title")
    page.get_by_role("button", name="Previous").click()
    page.wait_for_function(f"document.getElementById('image-title').textContent !== '{row['id']}'")
    other = title.inner_text()
    assert page.evaluate("decodeURIComponent(location.hash)") == f"#image={other}"
    page.go_back()
    page.wait_for_function(f"document.getElementById('image-title').textContent === '{row['id']}'")
    page.go_forward()
    page.wait_for_function(f"document.getElementById('image-title').textContent === '{other}'")
    page.keyboard.press("Escape")
    page.locator("#list-view").wait_for()
    assert page.evaluate("location.hash") == "#browser"
    page.go_back()
    page.locator("#image-view").wait_for()
    assert title.inner_text() == other


@pytest.mark.parametrize("address", ["#image=no such", "#image=%E0%A4%A", "#image="])
def test_link_to_an_unknown_image_says_so(tab, address):
    tab.goto(address)
    tab.page.get_by_text("The report has no image with this id").wait_for()
    for name in ("Previous", "Next"):
        assert tab.page.get_by_role("button", name=name).is_disabled()
    tab.page.keyboard.press("ArrowRight")
    tab.page.get_by_role("link", name="All images").click()
    tab.page.locator("#images a").first.wait_for()


def test_without_photos_outlines_are_on_a_neutral_ground(open_report, tmp_path, needs_chromium):
    folder = make_drawn_report(tmp_path, 4, photos=False)
    report = open_report(folder, "#image=" + isic_id(3))
    report.page.get_by_text("There is no photo").wait_for()
    report.page.get_by_text("STAPLE’s result is degenerate: empty result").wait_for()
    assert report.page.get_by_label("Photo").is_disabled()
    assert report.page.locator(".mask").count() == len(cells(report.page, ".masks"))
    assert not [url for url in report.requests if "/thumbs/" in url]
    assert "–" in [cell for line in cells(report.page, ".pairs") for cell in line[2:]]


def test_image_without_outlines_says_so(open_report, demo_report, tmp_path):
    folder = shutil.copytree(demo_report, tmp_path / "report")
    first, second = index_rows(folder)[:2]
    (folder / "details" / f"{first['key']}.js").unlink()
    report = open_report(folder, "#image=" + first["id"])
    report.page.get_by_text("The outlines of this image are not in the report.").wait_for()
    assert [text for text in report.complaints if first["key"] in text]
    report.complaints.clear()
    report.goto("#image=" + second["id"])
    report.page.locator(".pairs").wait_for()
