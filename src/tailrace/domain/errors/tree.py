"""The branches of the exception tree, and what all errors have in common."""

from __future__ import annotations

from dataclasses import fields


class TailraceError(Exception):
    """Anything this product raises on purpose."""

    def __str__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.details().items())
        return f"{type(self).__name__}({values})"

    def details(self) -> dict[str, object]:
        """The fields of this error by name: what a message may mention."""
        if not hasattr(self, "__dataclass_fields__"):
            return {}
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]


class RequestError(TailraceError):
    """The caller must change the request."""


class AccessError(RequestError):
    """The credential does not allow this call."""


class TransportError(RequestError):
    """The request is not of the form that the endpoint takes."""


class ParameterError(RequestError):
    """A value of the request breaks a rule."""


class JobStateError(RequestError):
    """The export job is in a state that does not allow this."""


class NotFoundError(RequestError):
    """What the request names does not exist, or not for this caller."""


class RetryLaterError(TailraceError):
    """The same request may succeed later."""


class OperatorError(TailraceError):
    """Something that only whoever runs the server can mend."""
