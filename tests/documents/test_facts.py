"""The documents agree with the code."""

from __future__ import annotations

import importlib.util
import inspect
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from attrs import NOTHING, Factory, fields
from botocore.loaders import Loader

import aiocognito
from aiocognito import AuthClient, AuthConfig, OAuthConfig, errors, steps
from aiocognito._flows.challenges import CHALLENGES
from aiocognito._hub import EVENT_NAMES

from .pages import PAGES, ROOT, name_of, names_in, rows

DOCS = ROOT / "docs"
# What Amplify's documentation lists for JavaScript.
SEEDS = """
    autoSignIn confirmResetPassword confirmSignIn confirmSignUp confirmUserAttribute decodeJWT deleteUser
    deleteUserAttributes fetchAuthSession fetchDevices fetchMFAPreference fetchUserAttributes forgetDevice
    getCurrentUser rememberDevice resendSignUpCode resetPassword sendUserAttributeVerificationCode signIn
    signInWithRedirect signOut signUp updateMFAPreference updatePassword updateUserAttribute
    updateUserAttributes verifyTOTPSetup setUpTOTP associateWebAuthnCredential listWebAuthnCredentials
    deleteWebAuthnCredential
"""
SOURCE = ROOT / "src/aiocognito"


def load_error_rows() -> Any:
    spec = importlib.util.spec_from_file_location("error_rows", DOCS / "_ext/error_rows.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def operations_of_cognito() -> set[str]:
    loader = Loader()
    services = ("cognito-idp", "cognito-identity")
    return {
        name for service in services for name in loader.load_service_model(service, "service-2")["operations"]
    }


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_relative_links_exist(page: Path) -> None:
    """Relative links lead to files."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert not missing


class TestConfiguration:
    page = DOCS / "configuration.md"

    @pytest.mark.parametrize("model", [AuthConfig, OAuthConfig])
    def test_every_field_is_listed_with_its_default(self, model: Any) -> None:
        table = {names_in(row[0])[0]: row[1] for row in rows(self.page, f"### {model.__name__}")}
        assert list(table) == [attribute.name for attribute in fields(model)]
        for attribute in fields(model):
            if isinstance(attribute.default, Factory):  # type: ignore[arg-type]  # a class, at run time
                continue
            default = "required" if attribute.default is NOTHING else attribute.default
            said = table[attribute.name].strip("`").replace('"', "'")
            assert said == (default if default == "required" else repr(default))

    def test_every_variable_is_listed_with_its_field(self) -> None:
        asked: set[str] = set()

        class Recorder(Mapping[str, str]):
            def __getitem__(self, key: str) -> str:
                asked.add(key)
                return {"COGNITO_OAUTH_DOMAIN": "auth.example.com"}[key]

            def __iter__(self) -> Iterator[str]:
                return iter(())

            def __len__(self) -> int:
                return 0

        AuthConfig.from_env(Recorder())
        table = {
            names_in(row[0])[0]: names_in(row[1])[0] for row in rows(self.page, "## From the environment")
        }
        assert set(table) == asked
        known = {f.name for f in fields(AuthConfig)} | {f"oauth.{f.name}" for f in fields(OAuthConfig)}
        assert set(table.values()) <= known


class TestErrors:
    def test_every_class_is_in_one_table(self) -> None:
        error_rows = load_error_rows()
        listed = [row[0].strip("`") for group in error_rows.GROUPS[:-1] for row in error_rows.rows(group)]
        classes = {
            name
            for name, value in vars(errors).items()
            if inspect.isclass(value) and issubclass(value, errors.AuthError)
        }
        assert sorted(listed) == sorted(classes)

    def test_every_validation_code_is_listed(self) -> None:
        table = load_error_rows().rows("validation")
        assert [row[0] for row in table] == [f"`{code}`" for code in errors.AuthValidationErrorCode]

    def test_the_page_has_every_table(self) -> None:
        asked = re.findall(r"{error-table} (\w+)", (DOCS / "errors.md").read_text(encoding="utf-8"))
        assert sorted(asked) == sorted(load_error_rows().GROUPS)

    def test_throttling_is_retryable_and_a_wrong_password_is_not(self) -> None:
        table = {row[0]: row for row in load_error_rows().rows("codes")}
        assert table["`TooManyRequestsException`"][2:] == ("429", "yes")
        assert table["`NotAuthorizedException`"][2:] == ("401", "no")

    def test_the_examples_of_each_status_have_it(self) -> None:
        for status, _, examples in rows(DOCS / "errors.md", "## The HTTP status of your response"):
            for name in names_in(examples):
                assert getattr(errors, name).http_status == int(status), name


class TestAmplify:
    page = DOCS / "amplify.md"

    def methods(self) -> list[str]:
        return [name for row in rows(self.page, "# Amplify Auth, side by side") for name in names_in(row[1])]

    def test_listed_methods_exist(self) -> None:
        """Each method of the page is one of the client."""
        assert [name for name in self.methods() if not hasattr(AuthClient, name)] == []

    def test_every_api_of_amplify_is_listed_with_its_operations(self) -> None:
        tables = (
            rows(self.page, "# Amplify Auth, side by side"),
            rows(self.page, "Other APIs:"),
        )
        listed = {names_in(row[0])[0]: row[2] for table in tables for row in table if names_in(row[0])}
        assert listed.keys() >= set(SEEDS.split())
        model = operations_of_cognito()
        for said in listed.values():
            # The rest is prose: endpoints of the hosted UI, and methods that send no request.
            assert said
            assert set(re.findall(r"\b[A-Z][a-z]+[A-Z]\w+", said)) <= model, said

    def test_every_method_is_listed(self) -> None:
        public = {
            name
            for name, value in inspect.getmembers(AuthClient, inspect.iscoroutinefunction)
            if not name.startswith("_")
        }
        assert public - {"aclose"} <= set(self.methods())

    def test_the_steps_are_those_of_the_code(self) -> None:
        table = rows(self.page, "## Steps of a sign-in")
        listed = {names_in(row[1])[0]: names_in(row[0])[0] for row in table}
        assert listed == {cls.__name__: cls.step for cls in get_args(steps.SignInStep)}
        for row in table:
            challenges = [name for name in row[2].split(", ") if name.isupper()]
            assert all(name in CHALLENGES for name in challenges), row


def test_the_page_on_events_lists_them_all() -> None:
    table = rows(DOCS / "events.md", "## The events")
    assert {name for row in table for name in names_in(row[0])} == EVENT_NAMES


def test_the_page_on_logging_lists_every_logger() -> None:
    listed = {names_in(row[0])[0] for row in rows(DOCS / "logging.md", "## What is logged")}
    loggers = {
        ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
        for path in SOURCE.rglob("*.py")
        if "getLogger(__name__)" in path.read_text(encoding="utf-8")
    }
    assert listed == loggers


def test_the_page_on_signing_in_lists_what_this_version_answers() -> None:
    table = {names_in(row[0])[0] for row in rows(DOCS / "signing-in.md", "## Steps")}
    answered = {names_in(row[1])[0] for row in rows(DOCS / "amplify.md", "## Steps of a sign-in")}
    assert table == answered


class TestContributing:
    page = ROOT / "CONTRIBUTING.md"

    def test_named_files_exist(self) -> None:
        """Each file that the page names exists."""
        names = names_in(self.page.read_text(encoding="utf-8"))
        paths = [name for name in names if re.fullmatch(r"[\w./-]+(\.(py|md|toml|ini)|/)", name)]
        assert "_session/" in paths
        roots = (ROOT, SOURCE, SOURCE / "_session", SOURCE / "_web", SOURCE / "emulator")
        assert [name for name in paths if not any((root / name).exists() for root in roots)] == []

    def test_every_module_is_in_a_layer(self) -> None:
        listed = {name.rstrip("/") for row in rows(self.page, "## The layers") for name in names_in(row[1])}
        modules = {
            path.name for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
        }
        assert modules - {"__init__.py"} == listed

    def test_the_scripts_can_be_run(self) -> None:
        for name in ("scripts/demo", "scripts/test"):
            assert os.access(ROOT / name, os.X_OK)
            for page in (self.page, ROOT / "README.md"):
                assert name in page.read_text(encoding="utf-8")


def test_the_readme_fits_on_a_screen() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 60, "the guide in docs/ has room for more"
    assert max(map(len, lines)) <= 120


def test_the_changelog_begins_with_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    first = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert first is not None
    assert first[1] == project["version"]


def test_the_reference_names_what_can_be_imported() -> None:
    text = (DOCS / "reference/index.md").read_text(encoding="utf-8")
    listed = text.partition("\n## `aiocognito`\n")[2].partition("\n## ")[0]
    assert set(names_in(listed)) == set(aiocognito.__all__)
