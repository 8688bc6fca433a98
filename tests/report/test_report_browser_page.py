"""The report's page as a whole in a browser: overview, quality, colour schemes, print, accessibility."""

import pytest
from support.drawn_report import HOSTILE_ID, isic_id
from support.report_browser import index_rows, opening
from support.report_checks import ACCESSIBILITY, CONTRAST, FOCUS
from support.report_files import report_data
from support.run import ROOT, run_program

PHONE = {"width": 390, "height": 844}
DEGENERATE = "#image=" + isic_id(3)
PLACES = {"#overview": "#overview-title", "#quality": "#issues tr", "#browser": "#images tr", DEGENERATE: ".pairs"}


@pytest.fixture(scope="module")
def tab(browser, big_report):
    """The large report, which has an example of everything."""
    with opening(browser) as open_page:
        yield open_page(big_report)


@pytest.fixture
def show(tab):
    """Show one place of the report in the window's usual state."""

    def show_place(address: str):
        tab.page.emulate_media(media="screen", color_scheme="light")
        tab.page.set_viewport_size({"width": 1280, "height": 900})
        tab.page.evaluate("location.hash = '#overview'")
        tab.page.locator("#section-overview").wait_for()
        tab.page.evaluate(f"location.hash = {address!r}")
        tab.page.locator(PLACES[address]).first.wait_for()
        return tab.page

    return show_place


def test_overview_has_counts_graph_tables_and_figures(open_report, demo_report):
    page = open_report(demo_report).page
    counts = dict(
        zip(page.locator(".counts dt").all_inner_texts(), page.locator(".counts dd").all_inner_texts(), strict=True)
    )
    assert counts["images"] == "30"
    assert counts["images with several masks"] == str(len(index_rows(demo_report)))
    annotators = page.locator(".graph text").all_text_contents()
    assert annotators == [f"A0{number}" for number in range(6)]
    page.get_by_text("Shared images as a table").click()
    assert page.locator(".graph details tbody tr").count() == page.locator(".graph line").count() > 5
    assert page.get_by_role("row", name="Mean", exact=False).first.is_visible()
    figure = page.locator(".figures img").first
    figure.scroll_into_view_if_needed()
    assert figure.evaluate("figure => figure.decode().then(() => figure.naturalWidth)") > 400
    assert figure.get_attribute("alt")


def test_tabs_follow_the_address(show):
    page = show("#overview")
    for name, section in (("Quality", "quality"), ("Disagreement browser", "browser"), ("Quality", "quality")):
        page.get_by_role("navigation").get_by_role("link", name=name).click()
        page.locator(f"#section-{section}").wait_for()
        assert page.evaluate("location.hash") == f"#{section}"
        assert page.locator("nav [aria-current=page]").inner_text() == name
        assert page.locator("main > section:visible").count() == 1
    page.go_back()
    page.locator("#section-browser").wait_for()
    page.get_by_role("navigation").get_by_role("link", name="Overview").click()
    page.locator("#section-overview").wait_for()


def test_issues_are_filtered_and_have_outlines(show, big_report):
    page = show("#quality")
    issues = report_data(big_report, "quality")["issues"]
    rows, filters = page.locator("#issues tr"), page.locator("#issue-filters")
    assert rows.count() == len(issues) >= 4
    drawn = [issue["path"] for issue in issues if issue["path"]]
    assert page.locator("#issues path.line").evaluate_all("all => all.map((p) => p.getAttribute('d'))") == drawn
    for label, option in (("Severity", "=high"), ("Annotator", "=" + issues[0]["annotator"])):
        filters.get_by_label(label).select_option(option)
    field = issues[0]["annotator"]
    fitting = [issue for issue in issues if issue["severity"] == "high" and issue["annotator"] == field]
    assert page.locator("#issue-count").inner_text() == f"{len(fitting)} of {len(issues)} issues"
    filters.get_by_role("button", name="Reset").click()
    filters.get_by_label("Issue").select_option(label="Multiple disconnected regions (1)")
    page.wait_for_function("document.querySelectorAll('#issues tr').length === 1")
    assert rows.locator("td[data-label=Issue]").inner_text() == "Multiple disconnected regions (2)"
    filters.get_by_role("button", name="Reset").click()
    page.wait_for_function(f"document.querySelectorAll('#issues tr').length === {len(issues)}")


def test_quarantine_failures_and_degenerate_results_are_listed(show):
    page = show("#quality")
    for title, text in (
        ("Quarantined masks (1)", "gone_A11_T3_S2_g.png"),
        ("Failures (1)", "drawn <b>failure</b>"),
        ("Degenerate STAPLE results (1)", "empty result from non-empty masks"),
    ):
        assert page.get_by_role("heading", name=title).is_visible()
        assert page.get_by_role("cell", name=text).is_visible()
    page.locator("#quality-tables").get_by_role("link", name=isic_id(3)).click()
    page.locator(".note", has_text="degenerate").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", PLACES)
def test_text_has_contrast(show, scheme, address):
    page = show(address)
    page.emulate_media(color_scheme=scheme)
    found = page.evaluate(CONTRAST)
    assert found["seen"] > 20
    assert found["poor"] == []
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor").removeprefix("rgb(").split(",")
    assert (int(ground[0]) < 60) == (scheme == "dark")


def test_scheme_is_chosen_and_remembered(open_report, demo_report):
    report = open_report(demo_report, color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = report.page.evaluate(ground)
    report.page.get_by_role("button", name="Light scheme").click()
    light = report.page.evaluate(ground)
    assert light != dark
    report.goto("#browser")
    assert report.page.evaluate(ground) == light
    report.page.get_by_role("button", name="Dark scheme").click()
    assert report.page.evaluate(ground) == dark


@pytest.mark.parametrize("address", PLACES)
def test_page_is_accessible(show, address):
    page = show(address)
    assert page.evaluate(ACCESSIBILITY) == []


def test_focus_is_visible_on_all_that_tab_reaches(show):
    page = show(DEGENERATE)
    page.locator(".skip").focus()
    names = []
    page.keyboard.press("Tab")
    while focus := page.evaluate(FOCUS):
        assert focus["visible"] and len(names) < 60, focus
        names.append(focus["name"])
        page.keyboard.press("Tab")
    for part in ("data-tab", "scheme", "All images", "Next", 'class="mask', "show-votes", "Zoom in", 'class="scroll'):
        assert [name for name in names if part in name], part


def test_screen_readers_hear_what_changes(show):
    page = show(DEGENERATE)
    live = page.locator("[role=status][aria-live]")
    assert live.inner_text().startswith("Image " + isic_id(3))
    assert page.evaluate("document.activeElement.id") == "image-title"
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"!document.getElementById('live').textContent.includes('{isic_id(3)}')")


@pytest.mark.parametrize(
    ("address", "shown", "hidden"),
    [
        ("#overview", "#section-overview table", "#scheme"),
        ("#quality", "#issues tr", "#issue-filters"),
        ("#browser", "#images tr", "#image-filters"),
        (DEGENERATE, ".pairs tbody tr", ".steps"),
    ],
)
def test_print_shows_the_content_alone(show, address, shown, hidden):
    page = show(address)
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator(shown).first.is_visible()
    assert not page.locator(hidden).first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate(CONTRAST)["poor"] == []


@pytest.mark.parametrize("address", PLACES)
def test_nothing_is_wider_than_a_phone(show, address):
    page = show(address)
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    if address == "#browser":
        page.get_by_label("Search by id").fill("<img")
        link = page.get_by_role("link", name=HOSTILE_ID)
        link.wait_for()
        assert link.bounding_box()["width"] < PHONE["width"]
        page.get_by_label("Search by id").fill("")


def test_installer_of_the_browser_says_why_it_skips(tmp_path):
    environment = {"PATH": str(tmp_path), "IMAPP_BROWSER": str(tmp_path / "browser")}
    done = run_program("/bin/bash", ROOT / "tests" / "install_browser.sh", env=environment)
    assert done.returncode == 0
    assert done.stdout.startswith(f"skipped: there is no {tmp_path / 'browser'}, and no apt-get to install it with")
    assert not done.stderr
