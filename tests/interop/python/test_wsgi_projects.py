"""Projects of Flask and Django with `aiocognito.sync`: their tests use the plugin, or `run_in_thread`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.pytest_runs import ROOT, Runs

pytestmark = pytest.mark.interop

# One set of views, which knows nothing of the tests: its environment is its configuration.
ACCOUNTS = """
    import functools
    import os
    from contextlib import closing

    import boto3
    from pycognito import Cognito

    from aiocognito import AuthConfig, MemoryStorage
    from aiocognito.errors import AuthError
    from aiocognito.sync import SessionManager, TokenVerifier

    @functools.cache
    def sessions():
        return SessionManager(AuthConfig.from_env(), storage=MemoryStorage())

    @functools.cache
    def verifier():
        return TokenVerifier.from_config(AuthConfig.from_env(), token_use="access", groups=["admins"])

    def close():
        for service in (sessions, verifier):
            if service.cache_info().currsize:
                service().close()
            service.cache_clear()

    def sign_in(cookies, username, password):
        auth = sessions().client(cookies.get("key") or sessions().new_session_key())
        result = auth.sign_in(username, password, replace=True)
        cookies["key"] = auth.session_key
        return result.next_step.step

    def confirm(cookies, code):
        auth = sessions().client(cookies["key"])
        result = auth.confirm_sign_in(code)
        cookies["key"] = auth.session_key
        return result.next_step.step

    def username(cookies):
        if not sessions().is_session_key(cookies.get("key", "")):
            return None
        try:
            return sessions().client(cookies["key"]).get_current_user().username
        except AuthError:
            return None

    def sign_out(cookies):
        sessions().client(cookies.pop("key")).sign_out()

    def admin(authorization):
        return verifier().verify(authorization.removeprefix("Bearer "))["username"]

    def invite(username):
        with closing(boto3.client("cognito-idp")) as client:
            named = {"UserPoolId": os.environ["COGNITO_USER_POOL_ID"], "Username": username}
            client.admin_create_user(**named, TemporaryPassword="Correct-horse-7", MessageAction="SUPPRESS")
            return client.admin_get_user(**named)["UserStatus"]

    def has_password(username, password):
        pool = os.environ["COGNITO_USER_POOL_ID"], os.environ["COGNITO_CLIENT_ID"]
        user = Cognito(*pool, username=username)
        with closing(user.client):
            user.authenticate(password=password)
        return user.id_claims["cognito:username"] == username
"""
FLASK = """
    import flask

    import accounts
    from aiocognito.errors import AuthError

    app = flask.Flask(__name__)
    app.secret_key = "of the tests"

    @app.errorhandler(AuthError)
    def refused(error):
        return str(error), error.http_status

    @app.post("/sign-in")
    def sign_in():
        form = flask.request.form
        return accounts.sign_in(flask.session, form["username"], form["password"])

    @app.post("/confirm")
    def confirm():
        return accounts.confirm(flask.session, flask.request.form["code"])

    @app.post("/sign-out")
    def sign_out():
        accounts.sign_out(flask.session)
        return ""

    @app.get("/me")
    def me():
        return accounts.username(flask.session) or ("", 401)

    @app.get("/admin")
    def admin():
        return accounts.admin(flask.request.headers["Authorization"])

    @app.post("/invite")
    def invite():
        return accounts.invite(flask.request.form["username"])

    @app.post("/check")
    def check():
        form = flask.request.form
        return str(accounts.has_password(form["username"], form["password"]))
"""
SETTINGS = """
    SECRET_KEY = "of the tests"
    ALLOWED_HOSTS = ["testserver"]
    ROOT_URLCONF = "urls"
    SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
    USE_TZ = True
"""
URLS = """
    from django.http import HttpResponse
    from django.urls import path
    from django.views.decorators.http import require_POST

    import accounts
    from aiocognito.errors import AuthError

    def text(view):
        def respond(request):
            try:
                return HttpResponse(view(request))
            except AuthError as error:
                return HttpResponse(str(error), status=error.http_status)

        return respond

    def me(request):
        name = accounts.username(request.session)
        return HttpResponse(name or "", status=200 if name else 401)

    def form(request, *names):
        return [request.POST[name] for name in names]

    views = {
        "sign-in": lambda request: accounts.sign_in(request.session, *form(request, "username", "password")),
        "confirm": lambda request: accounts.confirm(request.session, *form(request, "code")),
        "sign-out": lambda request: accounts.sign_out(request.session) or "",
        "invite": lambda request: accounts.invite(*form(request, "username")),
        "check": lambda request: accounts.has_password(*form(request, "username", "password")),
    }
    urlpatterns = [
        path("me", me),
        path("admin", text(lambda request: accounts.admin(request.headers["Authorization"]))),
        *(path(name, require_POST(text(view))) for name, view in views.items()),
    ]
"""
# The same for both frameworks, whose test clients have `get` and `post`.
TESTS = """
    import pytest

    import accounts

    PASSWORD = "Correct-horse-7"
    BAD = ["expired", "wrong_key", "alg_none", "other_pool", "other_client", "malformed"]

    @pytest.fixture(autouse=True)
    def services(cognito_env):
        yield
        accounts.close()

    def post(browser, path, **form):
        response = browser.post(path, data=form)
        return response.status_code, response.text

    def test_a_session(browser, cognito_user_pool, cognito_emulator):
        cognito_user_pool.add_user("ana", PASSWORD)
        assert browser.get("/me").status_code == 401
        assert post(browser, "/sign-in", username="ana", password="Wrong-horse-7") == (
            401, "Incorrect username or password."
        )
        assert post(browser, "/sign-in", username="ana", password=PASSWORD) == (200, "DONE")
        assert browser.get("/me").text == "ana"
        cognito_emulator.clock.advance(86_400)
        assert browser.get("/me").text == "ana"
        cognito_emulator.clock.advance(31 * 86_400)
        assert browser.get("/me").status_code == 401

    def test_a_second_factor(browser, cognito_user_pool):
        cognito_user_pool.add_user("ana", PASSWORD, mfa="TOTP")
        step = "CONFIRM_SIGN_IN_WITH_TOTP_CODE"
        assert post(browser, "/sign-in", username="ana", password=PASSWORD) == (200, step)
        assert post(browser, "/confirm", code=cognito_user_pool.totp_code("ana")) == (200, "DONE")
        assert browser.get("/me").text == "ana"
        assert post(browser, "/sign-out") == (200, "")
        assert browser.get("/me").status_code == 401

    def test_an_outage(browser, cognito_user_pool, cognito_emulator):
        cognito_user_pool.add_user("ana", PASSWORD)
        cognito_emulator.faults.add("InitiateAuth", status=500, times=None)
        assert post(browser, "/sign-in", username="ana", password=PASSWORD)[0] == 502

    def test_tokens(browser, cognito_token_factory):
        def get(token):
            return browser.get("/admin", headers={"Authorization": f"Bearer {token}"})

        assert get(cognito_token_factory("ana", groups=["admins"])).text == "ana"
        assert get(cognito_token_factory("ana")).status_code == 403
        for kind in BAD:
            assert get(getattr(cognito_token_factory, kind)("ana", groups=["admins"])).status_code == 401

    def test_boto3(browser, cognito_emulator):
        assert post(browser, "/invite", username="ben") == (200, "FORCE_CHANGE_PASSWORD")
        assert [call.operation for call in cognito_emulator.calls[-2:]] == ["AdminCreateUser", "AdminGetUser"]

    def test_pycognito(browser, cognito_user_pool):
        cognito_user_pool.add_user("ana", PASSWORD)
        assert post(browser, "/check", username="ana", password=PASSWORD) == (200, "True")
"""
FLASK_BROWSER = """
    @pytest.fixture
    def browser():
        from application import app
        return app.test_client()
"""
DJANGO_BROWSER = """
    import django
    from django.test import Client, SimpleTestCase

    django.setup()

    class Browser(Client):
        def post(self, path, data):
            return self.text(super().post(path, data))

        def get(self, path, headers=None):
            return self.text(super().get(path, headers=headers))

        def text(self, response):
            response.text = response.content.decode()
            return response

    @pytest.fixture
    def browser():
        return Browser()

    class TestOfDjango(SimpleTestCase):
        @pytest.fixture(autouse=True)
        def given(self, cognito_user_pool):
            self.pool = cognito_user_pool

        def test_sign_in(self):
            self.pool.add_user("ana", PASSWORD)
            response = self.client.post("/sign-in", {"username": "ana", "password": PASSWORD})
            self.assertContains(response, "DONE")
            self.assertContains(self.client.get("/me"), "ana")
"""
# As Django's own runner has it, without pytest.
DJANGO_TESTS = """
    from unittest import mock

    from django.test import SimpleTestCase

    import accounts
    from aiocognito.emulator import run_in_thread

    class SignInTest(SimpleTestCase):
        @classmethod
        def setUpClass(cls):
            super().setUpClass()
            cls.cognito = cls.enterClassContext(run_in_thread())

        def setUp(self):
            self.pool = self.cognito.create_user_pool()
            self.addCleanup(self.pool.delete)
            self.addCleanup(accounts.close)
            self.enterContext(
                mock.patch("aiocognito.AuthConfig.from_env", return_value=self.pool.config)
            )

        def test_a_second_factor(self):
            self.pool.add_user("ana", "Correct-horse-7", mfa="TOTP")
            form = {"username": "ana", "password": "Correct-horse-7"}
            self.assertContains(self.client.post("/sign-in", form), "TOTP_CODE")
            self.client.post("/confirm", {"code": self.pool.totp_code("ana")})
            self.assertContains(self.client.get("/me"), "ana")
            self.assertIn("RespondToAuthChallenge", [call.operation for call in self.cognito.calls])

        def test_a_wrong_password_is_refused(self):
            self.pool.add_user("ana", "Another-horse-7")
            form = {"username": "ana", "password": "Correct-horse-7"}
            self.assertContains(self.client.post("/sign-in", form), "Incorrect", status_code=401)
"""


def test_flask(tmp_path: Path) -> None:
    """A Flask application is tested with the plugin."""
    runs = Runs(tmp_path)
    runs.write("accounts.py", ACCOUNTS)
    runs.write("application.py", FLASK)
    runs.write("test_it.py", TESTS + FLASK_BROWSER)
    outcome = runs()
    assert outcome.counts == {"passed": 6}, outcome.text


@pytest.fixture
def django(tmp_path: Path) -> Runs:
    runs = Runs(tmp_path)
    runs.write("accounts.py", ACCOUNTS)
    runs.write("settings.py", SETTINGS)
    runs.write("urls.py", URLS)
    return runs


def test_django(django: Runs) -> None:
    """A Django project is tested with the plugin."""
    django.write("test_it.py", TESTS + DJANGO_BROWSER)
    outcome = django(environ={"DJANGO_SETTINGS_MODULE": "settings"})
    assert outcome.counts == {"passed": 7}, outcome.text


def test_djangos_own_runner_with_run_in_thread(django: Runs) -> None:
    django.write("tests.py", DJANGO_TESTS)
    path = os.pathsep.join([str(django.directory), str(ROOT / "src")])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "django", "test", "--settings=settings", "--no-color"],
        cwd=django.directory,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "Ran 2 tests" in done.stderr
