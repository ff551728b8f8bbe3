"""Calls of the API, each by the function that was generated for its operation.

`Operations(...)("create_group", organization_id=..., body={...})` finds the module of the operation,
makes the body's generated class of the given values, and returns the parsed answer. An answer that
is a problem, or that the document does not describe, raises.
"""

import importlib
import inspect
import io
import pkgutil
import typing

import muster_client
import muster_client.api
from muster_client.models import Problem
from muster_client.types import UNSET, File, Unset


class Refused(Exception):
    """The API answered with a problem."""

    def __init__(self, operation, status, problem):
        super().__init__(f"{operation}: {status} {problem}")
        self.status = status
        self.problem = problem


def modules():
    """Returns the generated module of each operation, by the operation's id."""
    found = {}
    for tag in pkgutil.iter_modules(muster_client.api.__path__):
        package = importlib.import_module(f"muster_client.api.{tag.name}")
        for module in pkgutil.iter_modules(package.__path__):
            found[module.name] = f"muster_client.api.{tag.name}.{module.name}"
    return found


class Operations:
    """The operations of the API, called by one person, or without a token by anybody."""

    MODULES = modules()
    used = set()

    def __init__(self, url, token=None):
        common = {"base_url": url, "raise_on_unexpected_status": True, "timeout": 30}
        if token is None:
            self.client = muster_client.Client(**common)
        else:
            self.client = muster_client.AuthenticatedClient(token=token, **common)

    def __call__(self, operation, body=None, **arguments):
        function = importlib.import_module(self.MODULES[operation]).sync_detailed
        if body is not None:
            arguments["body"] = self.made(function, body)
        self.used.add(operation)
        answer = function(client=self.client, **arguments)
        if isinstance(answer.parsed, Problem) or answer.status_code >= 400:
            raise Refused(operation, int(answer.status_code), answer.parsed)
        return answer.parsed if answer.parsed is not None else answer.content

    @staticmethod
    def made(function, body):
        """Returns the generated class of a body, made of plain values; bytes are a file."""
        if isinstance(body, bytes):
            return File(payload=io.BytesIO(body), mime_type="application/octet-stream")
        wanted = typing.get_type_hints(function)["body"]
        for choice in (wanted, *typing.get_args(wanted)):
            if inspect.isclass(choice) and hasattr(choice, "from_dict"):
                return choice.from_dict(body)
        return body

    def refuses(self, status, operation, **arguments):
        """Makes sure that a call is refused with this status."""
        try:
            answer = self(operation, **arguments)
        except Refused as refused:
            assert refused.status == status, refused
            return refused.problem
        raise AssertionError(f"{operation} was not refused: {answer}")


def given(value):
    """Returns a member's value, or None where the answer leaves it out."""
    return None if value is UNSET or isinstance(value, Unset) else value
