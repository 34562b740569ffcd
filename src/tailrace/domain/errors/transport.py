"""Errors of a request's form: its method, path, size, media type and JSON."""

from __future__ import annotations

from dataclasses import dataclass

from tailrace.domain.errors.tree import TransportError


@dataclass(eq=False)
class MethodNotSupportedError(TransportError):
    """The path exists, the method does not."""

    method: str


class PathNotFoundError(TransportError):
    """No endpoint has this path."""


class ContentTypeError(TransportError):
    """The body is of a media type that the endpoint does not take."""


class MultipartError(TransportError):
    """A multipart body that cannot be taken apart."""


@dataclass(eq=False)
class BodyTooLargeError(TransportError):
    """The body is over the endpoint's limit."""

    maximum_megabytes: int


class UriTooLongError(TransportError):
    """The request target is longer than 8 KB."""


class InvalidJsonError(TransportError):
    """The body is not a JSON object in UTF-8."""


@dataclass(eq=False)
class AttributeTypeError(TransportError):
    """A JSON member has the wrong JSON type."""

    attribute: str
