"""The demo's page in a real browser: somebody asks, clicks and reads, by mouse and by keyboard, on any width."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from bot.sandbox.web.tour import STEPS
from tests.patience import PATIENCE

T = TypeVar("T")

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
)

pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Chromium and its driver, as .ci/run has them")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that the demo prints."""
    command = [sys.executable, "-u", "-m", "bot", "demo", "--web"]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2])}
    folder = tmp_path_factory.mktemp("user")
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = next((match for line in process.stdout if (match := re.search(r"Open (http://\S+)", line))), None)
        assert found, f"the demo ended with status {process.wait()}"
        yield found[1]
        process.terminate()
        assert process.wait(PATIENCE) in (0, 143)
    assert not list(folder.iterdir())


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A browser without a window."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in (*QUIET, f"--user-data-dir={tmp_path_factory.mktemp('profile')}", "--window-size=1400,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    yield driver
    driver.quit()


def until(browser: webdriver.Chrome, look: Callable[[], T | None]) -> T:
    """What `look` finds, as soon as it finds something; the page may be drawn anew meanwhile."""
    errors = (NoSuchElementException, StaleElementReferenceException)
    found = WebDriverWait(browser, PATIENCE, ignored_exceptions=errors).until(lambda _: look())
    assert found is not None
    return found


def shown(browser: webdriver.Chrome, part: str, *texts: str) -> str:
    """What a part of the page says, as soon as it holds these texts."""

    def look() -> str | None:
        said = browser.find_element(By.ID, part).text
        return said if all(text.lower() in said.lower() for text in texts) else None

    return until(browser, look)


def link(browser: webdriver.Chrome, text: str) -> WebElement:
    return until(browser, lambda: browser.find_element(By.PARTIAL_LINK_TEXT, text))


def take_step(browser: webdriver.Chrome, title: str) -> None:
    """Press the button of the tour's step whose title begins so."""
    place = next(place for place, step in enumerate(STEPS) if step.title.startswith(title))
    browser.find_element(By.CSS_SELECTOR, f"[data-step='{place}']").click()


def opened_thread_of(browser: webdriver.Chrome, text: str) -> bool:
    """Open the thread of the message that says so, once it has one."""
    said = [each for each in browser.find_elements(By.CSS_SELECTOR, "#main article") if text in each.text]
    links = [link for each in said for link in each.find_elements(By.PARTIAL_LINK_TEXT, "repl")]
    for each in links[:1]:
        each.click()
    return bool(links)


def has_dialog(browser: webdriver.Chrome) -> bool:
    return bool(browser.find_elements(By.CSS_SELECTOR, "dialog[open]"))


def test_somebody_asks_reads_the_evidence_and_lets_the_alarm_be_taken_back(
    browser: webdriver.Chrome, address: str
) -> None:
    browser.get(address)
    # By keyboard alone: the box has the focus, Enter sends, a link opens the thread, Escape closes it.
    browser.switch_to.active_element.send_keys("/invoice-check 32223", Keys.ENTER)
    shown(browser, "main", "Technician typed /invoice-check 32223", "Invoiced", "67469")
    link(browser, "repl").send_keys(Keys.ENTER)
    shown(browser, "thread", "67469")
    assert browser.execute_script("return document.querySelector('nav').offsetHeight === window.innerHeight")
    assert browser.find_element(By.CSS_SELECTOR, "aside h2").text == "Thread"
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.ESCAPE)
    shown(browser, "thread", "A question")
    # By mouse, along the tour.
    take_step(browser, "A true alarm")
    shown(browser, "main", "NOT INVOICED", "32312")
    take_step(browser, "It is billed")
    until(browser, lambda: len(browser.find_elements(By.CSS_SELECTOR, "#main article")) >= 3)
    until(browser, lambda: "NOT INVOICED" not in browser.find_element(By.ID, "main").text or None)


def test_an_invoice_is_asked_about_and_an_address_gets_its_line(browser: webdriver.Chrome, address: str) -> None:
    browser.get(address)
    take_step(browser, "An invoice")
    shown(browser, "main", "Bills 1 ticket", "Billed twice?")
    take_step(browser, "An address")
    shown(browser, "main", "What became of", "Invoiced · #32223 · Kittle")


def test_a_manager_reads_the_digest_and_fills_in_a_form(browser: webdriver.Chrome, address: str) -> None:
    browser.get(address)
    take_step(browser, "The digest")
    until(browser, lambda: "user=U0MANAGER" in browser.current_url or None)
    assert "Manager typed /invoice-check digest now" in shown(browser, "main", "digest now")

    def snooze() -> bool:
        said = browser.find_element(By.ID, "thread")
        for element in said.find_elements(By.CSS_SELECTOR, "[data-press], [data-choose] option"):
            if "snooze" in element.text.lower():
                element.click()
                return True
        return False

    until(browser, lambda: opened_thread_of(browser, "Invoice digest"))
    until(browser, snooze)
    until(browser, lambda: has_dialog(browser))
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    until(browser, lambda: not has_dialog(browser))


def test_home_is_for_each_their_own_and_a_list_can_be_pasted(browser: webdriver.Chrome, address: str) -> None:
    browser.get(f"{address}?user=U0MANAGER&place=home")
    shown(browser, "main", "The team", "#32311", "How the bot does")
    browser.find_element(By.CSS_SELECTOR, "[data-press='home_subscribe']").send_keys(Keys.ENTER)
    shown(browser, "main", "You get every digest.")
    browser.get(f"{address}?user=U0OUTSIDE&place=home")
    assert "32311" not in shown(browser, "main", "only shown to people of this company")
    browser.get(address)
    browser.find_element(By.CSS_SELECTOR, "[data-shortcut='check_list']").click()
    until(browser, lambda: has_dialog(browser))
    browser.switch_to.active_element.send_keys("32223, 32301")
    browser.find_element(By.CSS_SELECTOR, "dialog option[value='C0BILLING']").click()
    browser.find_element(By.CSS_SELECTOR, "dialog .primary").click()
    shown(browser, "main", "2 tickets")


def test_the_month_is_closed_along_the_tour(browser: webdriver.Chrome, address: str) -> None:
    browser.get(address)
    take_step(browser, "The month's close")
    shown(browser, "main", "Manager typed /invoice-check close 20", "Close of", "NOT INVOICED", "Not proved: #32313")
    until(browser, lambda: opened_thread_of(browser, "Close of"))
    shown(browser, "thread", "By customer", "By technician", "Every ticket, by its verdict", ".csv")


def test_the_page_fits_a_phone(browser: webdriver.Chrome, address: str) -> None:
    browser.set_window_size(500, 900)  # as narrow as this browser goes
    try:
        browser.get(address)
        assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
        link(browser, "Tour").click()
        assert browser.find_element(By.CSS_SELECTOR, "[data-step='0']").is_displayed()
    finally:
        browser.set_window_size(1400, 900)


def test_the_browser_has_nothing_to_complain_of(browser: webdriver.Chrome, address: str) -> None:
    browser.get(address)
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]
