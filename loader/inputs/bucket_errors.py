"""The errors of the buckets' SDKs in one line, without the addresses and secrets they may quote."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from loader.errors import DataRefusedError, LoaderError
from loader.inputs.origins import NOTHING_OF_IT

_SDKS = ("aiobotocore", "aiohttp", "botocore", "fsspec", "gcsfs", "google", "requests", "s3fs")
_CREDENTIALS = "CredentialsError|CredentialError|RefreshError|TokenRetrievalError|ProfileNotFound"
_CONNECTION = (
    "EndpointConnectionError|ClientConnectorError|Connect.*Error|.*Timeout.*|ConnectionError"
)
_CODE = re.compile(r"[A-Za-z0-9]{1,60}")
_LOGIN = "the credentials are the SDK's own: its variables, files and roles"


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Turn an SDK's error within into a `DataRefusedError` about `place`."""
    try:
        yield
    except LoaderError:
        raise
    except Exception as error:
        if not _is_of_sdk(error):
            raise
        what, hint = _what(error)
        message = f"{place}: {what}"
        raise DataRefusedError(message, f"{NOTHING_OF_IT}; {hint}") from None


def _is_of_sdk(error: Exception) -> bool:
    return isinstance(error, OSError) or type(error).__module__.partition(".")[0] in _SDKS


def _what(error: Exception) -> tuple[str, str]:
    """Return what happened and what to do."""
    kinds = " ".join(kind.__name__ for link in _chain(error) for kind in type(link).__mro__)
    if re.search(_CREDENTIALS, kinds):
        return "no credentials were found, or they are not valid", _LOGIN
    code = _code_of(error)
    if isinstance(error, PermissionError) or code in ("401", "403"):
        return f"access is denied{_in_brackets(code)}", _LOGIN
    if "FileExpired" in kinds:
        return "changed while it was read", "load it again when it is complete"
    if isinstance(error, FileNotFoundError):
        return f"no such bucket or object{_in_brackets(code)}", "check the name and the region"
    if re.search(_CONNECTION, kinds):
        return "the endpoint cannot be reached", "check the network and the endpoint's address"
    return f"cannot be read{_in_brackets(code or type(error).__name__)}", "try again later"


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


def _code_of(error: Exception) -> str:
    """Return the service's code, such as `NoSuchBucket` or `403`; empty when there is none."""
    for link in _chain(error):
        response = getattr(link, "response", None)
        code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
        if type(link).__module__.startswith("gcsfs"):
            code = getattr(link, "code", None)
        code = str(code or "")
        if _CODE.fullmatch(code):
            return code
    return ""


def _in_brackets(code: str) -> str:
    return f" ({code})" if code else ""
