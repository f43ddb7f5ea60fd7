"""Errors tell who must act, by exit code and reason, and what to do."""

from __future__ import annotations

import signal

import pytest

from vsync import errors
from vsync.errors import ConfigurationError, Interrupted, VsyncError, worst_exit_code

CONTRACT = {
    "InputDamaged": (1, "documents"),
    "StoppedAtBadRecord": (1, "documents"),
    "ConfigurationError": (2, "config"),
    "ManifestError": (2, "manifest"),
    "RepositoryError": (2, "git"),
    "MissingCredentials": (2, "credentials"),
    "StoreConflict": (2, "store"),
    "CredentialsRefused": (3, "credentials"),
    "PermissionDenied": (3, "permission"),
    "UnknownName": (2, "store"),
    "StoreGone": (3, "store"),
    "PublicationFailed": (3, "manifest"),
    "SealHeld": (3, "git"),
    "GatewayRefused": (3, "api"),
    "ApiUnavailable": (3, "api"),
    "GitUnavailable": (3, "git"),
    "PushRefused": (3, "permission"),
    "InternalError": (3, "api"),
    "LimitExceeded": (4, "limit"),
    "PlanChanged": (4, "limit"),
}
REASONS = "documents drift check config manifest credentials permission store api git limit interrupted".split()


@pytest.mark.parametrize(("name", "expected"), CONTRACT.items())
def test_each_error_has_the_exit_code_and_reason_of_the_contract(name: str, expected: tuple[int, str]) -> None:
    error = getattr(errors, name)("What happened.", "What to do.")
    assert isinstance(error, VsyncError)
    assert (error.exit_code, error.reason) == expected


def test_every_error_is_in_the_contract_and_in_the_tree_of_the_module() -> None:
    named = {kind.__name__ for kind in VsyncError.__subclasses__()}
    assert named == {*CONTRACT, "Interrupted"}
    assert errors.__doc__ is not None
    for kind in VsyncError.__subclasses__():
        line = next(line for line in errors.__doc__.splitlines() if f" {kind.__name__} " in line)
        assert f" {kind.reason} " in line
        assert kind is Interrupted or f" {kind.exit_code} " in line
        assert kind.reason in REASONS


def test_the_text_of_an_error_is_its_message_and_its_remedy() -> None:
    assert str(ConfigurationError("It broke.", "Mend it.")) == "It broke. Mend it."
    assert str(ConfigurationError("It broke.")) == "It broke."


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_exits_as_a_shell_expects(signum: int, code: int) -> None:
    error = Interrupted(signum)
    assert error.exit_code == code
    assert signal.Signals(signum).name in error.message
    assert "Run again" in error.remedy


def test_an_interruption_may_be_told_in_other_words() -> None:
    assert str(Interrupted(signal.SIGINT, "Stopped.", "Go on.")) == "Stopped. Go on."


@pytest.mark.parametrize(
    ("codes", "worst"),
    [
        ([], 0),
        ([0, 0], 0),
        ([0, 1], 1),
        ([1, 4], 4),
        ([1, 4, 3], 3),
        ([3, 2, 4, 1], 2),
        ([2, 143], 143),
        ([143, 130, 2], 130),
    ],
)
def test_of_several_causes_the_first_of_the_order_is_told(codes: list[int], worst: int) -> None:
    assert worst_exit_code(codes) == worst
    assert worst_exit_code(codes[::-1]) == worst
