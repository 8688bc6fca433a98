"""The report's pages of annotators and of predictions in a browser, on the demo: tables, links, and a phone's width."""

import csv
import shutil

import pytest
from support.report_browser import opening
from support.run import succeed


@pytest.fixture(scope="module")
def report(demo_report, demo_folder, tmp_path_factory):
    """Report of the demo with the tables of annotators and the scores of its two models."""
    output = shutil.copytree(demo_report.parent, tmp_path_factory.mktemp("pages") / "output")
    for stage in ("compute_annotator_metrics", "compute_agreement_statistics"):
        succeed(stage, output)
    succeed("score_predictions", output, f"predictions_dir={demo_folder / 'predictions'}")
    succeed("make_report", output)
    return output / "report"


@pytest.fixture(scope="module")
def page(browser, report):
    with opening(browser) as open_page:
        tab = open_page(report)
        tab.goto("#annotators")
        yield tab.page


def test_each_annotator_has_a_row_with_a_link_to_where_this_hand_differs(page, report):
    page.evaluate("location.hash = '#annotators'")
    path = report.parent / "metadata" / "IMAplusplus_multiannotator_subset_mask_agreement.csv"
    with path.open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["annotator"] == "A01" and row["dice_to_others"]]
    worst = min(rows, key=lambda row: float(row["dice_to_others"]))
    page.locator("#section-annotators").get_by_role("link", name="A01").first.click()
    first = page.locator("#images th a").first
    first.wait_for()
    assert first.inner_text() == worst["ISIC_id"]
    assert page.locator("#images tr").count() == len({row["ISIC_id"] for row in rows})


def test_tables_lead_to_their_csv(page, report):
    links = page.locator('a[href$=".csv"]').evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    assert any("annotator_metrics.csv" in link for link in links)
    assert [link for link in links if not (report / link.split("?")[0]).resolve().is_file()] == []


@pytest.mark.parametrize("address", ["#annotators", "#predictions", "#overview"])
def test_pages_fit_a_phone(page, address):
    page.set_viewport_size({"width": 390, "height": 800})
    page.evaluate(f"location.hash = '{address}'")
    page.locator(f"#section-{address[1:]}").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1280, "height": 900})


def test_each_model_stands_beside_the_annotators_with_its_numbers(page, report):
    page.evaluate("location.hash = '#predictions'")
    for model in ("between_net", "tight_net"):
        with (report.parent / "predictions" / model / "scores_summary.csv").open(encoding="utf-8") as stream:
            rows = [row for row in csv.DictReader(stream) if (row["partition"], row["metric"]) == ("all", "dice_score")]
        table = page.get_by_role("region", name=f"{model} beside the annotators")
        shown = table.locator("tbody tr").first.locator("td").all_inner_texts()
        assert [cell.partition(" ")[0].replace("−", "-") for cell in shown] == [
            f"{float(row['mean']):.3f}" for row in rows
        ]
    assert page.locator("#section-predictions").get_by_text("between_net less tight_net").count() == 1


@pytest.mark.parametrize("width", [600, 900, 1100, 1210, 1280])
def test_the_list_of_images_fits_any_window_and_keeps_ids_on_a_line(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("location.hash = '#browser'")
    link = page.locator("#images th a").first
    link.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert link.evaluate("link => link.getClientRects().length") == 1
    page.set_viewport_size({"width": 1280, "height": 900})
