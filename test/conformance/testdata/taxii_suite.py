"""Runs medallion's tests of a TAXII server, unmodified, against a server at an address.

A plugin of pytest: -p taxii_suite, with the checkout of oasis-open/cti-taxii-server on PYTHONPATH and
LANTERN_SUITE_URL naming the server. The tests reach their server through a client of Flask; here
the same calls go over HTTP. Two modules that medallion reads its own configuration with are stood
in for when they are missing: no test that reaches a server needs them.
"""

import importlib.util
import os
import sys
import types
import urllib.parse

import requests


def stand_in(name, **members):
    if importlib.util.find_spec(name) is None:
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__dict__.update(members)


def unchanged(*_args, **_named):
    return lambda thing: thing


stand_in("jsonmerge", merge=lambda old, new: {**old, **new})
stand_in("environ", config=unchanged, var=lambda *_a, **_n: None, group=lambda *_a, **_n: None, bool_var=lambda *_a, **_n: None)


class Answer:
    def __init__(self, got):
        self.status_code = got.status_code
        self.headers = got.headers
        self.content_type = got.headers.get("Content-Type")
        self.data = got.content
        self.json = got.json() if got.content else None


class Client:
    """The part of Flask's test client that the tests use."""

    def __init__(self, url):
        self.url = url

    def send(self, method, path, headers=None, data=None, follow_redirects=False):
        url = urllib.parse.urljoin(self.url, path)
        return Answer(requests.request(method, url, headers=headers, data=data, allow_redirects=follow_redirects, timeout=30))

    def get(self, path, **named):
        return self.send("GET", path, **named)

    def post(self, path, **named):
        return self.send("POST", path, **named)

    def delete(self, path, **named):
        return self.send("DELETE", path, **named)


def pytest_configure(config):
    from medallion.test import base_test

    inside = base_test.TaxiiTest.setUp

    def over_http(self, start_threads=True):
        inside(self, start_threads)
        if self.type == "memory":
            self.client = Client(os.environ["LANTERN_SUITE_URL"])

    base_test.TaxiiTest.setUp = over_http


def pytest_runtest_logreport(report):
    if report.when == "call" or report.failed:
        why = ""
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            why = (crash.message if crash else str(report.longrepr)).splitlines()[0]
        print("\nRESULT", report.nodeid.rsplit("::", 1)[-1].replace(" ", "_"), report.outcome, why)
