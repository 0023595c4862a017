"""Swagger UI in a real browser: it loads without anything from outside, and a call works from it."""

import os
import shutil

import pytest
from selenium import webdriver
from selenium.common.exceptions import (ElementClickInterceptedException,
                                        StaleElementReferenceException)
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from .conftest import TOKENS

# What one meets while the page draws itself anew.
MOVING = (StaleElementReferenceException, ElementClickInterceptedException)
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


@pytest.fixture(scope="module")
def browser():
    assert CHROMIUM and DRIVER, "chromium and chromium-driver are missing: scripts/install.sh test"
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
                 "--window-size=1300,1400"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    made = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield made
    made.quit()


def find(browser, selector, text=None):
    """The first element that is shown and has the text, waited for."""
    def found(_):
        for element in browser.find_elements(By.CSS_SELECTOR, selector):
            if element.is_displayed() and (text is None or text in element.text):
                return element
        return None

    return waiting(browser).until(found, f"{selector} {text or ''}")


def waiting(browser):
    return WebDriverWait(browser, 60, ignored_exceptions=MOVING)


def click(browser, selector, text=None):
    def clicked(_):
        element = find(browser, selector, text)
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()
        return True

    waiting(browser).until(clicked, f"{selector} {text or ''}")


def text_of(browser, selector, text=None):
    return waiting(browser).until(lambda _: find(browser, selector, text).text, selector)


def authorize(browser, token):
    click(browser, "button.authorize")
    # One of three ways to say who one is.
    scheme = find(browser, ".modal-ux .auth-container", "X-Auth-Key")
    scheme.find_element(By.CSS_SELECTOR, "input").send_keys(token)
    scheme.find_element(By.CSS_SELECTOR, "button.authorize").click()
    click(browser, ".modal-ux button.btn-done")


def execute_list(browser):
    """Opens the list of backends and calls it; the answer's status."""
    click(browser, "#operations-BackendApi-BackendApi_ListBackends .opblock-summary-control")
    click(browser, "#operations-BackendApi-BackendApi_ListBackends button.execute")
    return text_of(browser, "#operations-BackendApi-BackendApi_ListBackends "
                            ".live-responses-table .response .response-col_status")


def test_a_call_with_a_token_works_from_the_page(browser, gateway, api, tmp_path):
    assert api.put("/api/v1/backends/swagger1", json={"url": "http://127.0.0.1:1"}).ok
    base = f"http://127.0.0.1:{gateway.admin_port}"
    browser.get(f"{base}/swagger/")
    find(browser, ".info .title", "trino-gateway")
    authorize(browser, TOKENS["viewer"])
    assert execute_list(browser).startswith("200")
    body = text_of(browser, ".live-responses-table .response .response-col_description pre", "swagger1")
    assert '"next_page_token"' in body
    shot = os.environ.get("SWAGGER_SCREENSHOT", str(tmp_path / "swagger.png"))
    assert browser.save_screenshot(shot)

    problems = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert not problems, problems
    asked = [entry["message"] for entry in browser.get_log("performance")
             if '"Network.requestWillBeSent"' in entry["message"]]
    assert asked
    foreign = [message for message in asked if f'"url":"{base}' not in message
               and '"url":"data:' not in message]
    assert not foreign, foreign[:3]


def test_without_a_token_the_page_shows_the_refusal(browser, gateway):
    browser.get(f"http://127.0.0.1:{gateway.admin_port}/swagger/?again")
    find(browser, ".info .title", "trino-gateway")
    assert execute_list(browser).startswith("401")
