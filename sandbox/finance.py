"""HiPay's finance API: the list of settlements, one settlement, and its files."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import wraps

from babel.numbers import is_currency
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.files import EXTENSIONS, Dialect, render
from sandbox.settlements import Settlement

SORTS = ("settlementid", "amount", "currency", "date_value")
PER_PAGE = 10  # not published
INVALID = 1010201  # HiPay's "parameter invalid"
NOT_ISO = frozenset({"GGP", "IMP", "JEP", "SPL", "TVD"})  # the description allows them too
UNKNOWN = 404  # HiPay publishes no code for an unknown settlement

_MEDIA = {".csv": "text/csv", ".txt": "text/plain", ".xls": "application/vnd.ms-excel"}
_CHARSETS = {"utf-8-sig": "utf-8", "cp1252": "windows-1252"}


class _BadRequest(Exception):
    pass


def routes(
    settlements: Callable[[], Sequence[Settlement]],
    dialect: Callable[[], Dialect],
    guard: Callable[[Request], Response | None],
    files_given: Callable[[], bool] = lambda: True,
) -> list[Route]:
    """Routes under /v1/settlement, to mount at the root and under /rest.

    `settlements` gives all there are, `dialect` how files are written now, `guard` a response when the request must
    not be served (credentials) and None otherwise. Answers are those of HiPay's settlement.yaml; its errors, and so
    those of `guard`, are wrapped: see `error`. While `files_given` says no, the files are not there yet.
    """
    Endpoint = Callable[[Request], Response]

    def guarded(endpoint: Endpoint) -> Endpoint:
        @wraps(endpoint)
        def answer(request: Request) -> Response:
            refused = guard(request)
            if refused is not None:
                return refused
            try:
                return endpoint(request)
            except _BadRequest as refusal:
                return error(400, INVALID, "Invalid parameter", str(refusal))

        return answer

    def find(request: Request) -> Settlement | None:
        wanted = _integer("id", request.path_params["id"])
        return next((s for s in settlements() if s.id == wanted), None)

    @guarded
    def listing(request: Request) -> Response:
        found = _select([s.summary for s in settlements()], request.query_params)
        return _json(200, {"settlements": found})

    @guarded
    def item(request: Request) -> Response:
        settlement = find(request)
        return _not_found() if settlement is None else _json(200, settlement.summary)

    @guarded
    def raw(request: Request) -> Response:
        ext = request.path_params["ext"]
        if ext not in EXTENSIONS:
            raise _BadRequest(f"ext: one of {', '.join(EXTENSIONS)}")
        settlement = find(request)
        if settlement is None or not files_given():
            return _not_found()
        how = dialect()
        media = _MEDIA[ext]
        if media.startswith("text/"):
            media = f"{media}; charset={_CHARSETS.get(how.encoding, how.encoding)}"
        headers = {
            "content-type": media,
            "content-disposition": f'attachment; filename="settlement-{settlement.id}{ext}"',
        }
        return Response(render(settlement, ext, how), headers=headers)

    return [
        Route("/v1/settlement", listing),
        Route("/v1/settlement/{id}", item),
        Route("/v1/settlement/{id}/raw{ext}", raw),
    ]


def error(status: int, code: int, message: str, description: str) -> Response:
    """An error as the finance API wraps it: {"error": {"code", "message", "description"}}."""
    return _json(status, {"error": {"code": code, "message": message, "description": description}})


def _not_found() -> Response:
    return error(404, UNKNOWN, "Not found", "Settlement item was not found.")


def _select(items: Sequence[Mapping[str, object]], query: Mapping[str, str]) -> list[Mapping[str, object]]:
    """The items of one page, after the filters of settlement.yaml; both dates are inclusive.

    Raises _BadRequest for a value the description does not allow; parameters it does not name are ignored.
    """
    if "amount" in query:
        if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,6})?", query["amount"]):
            raise _BadRequest("amount: a number")
        items = [item for item in items if item["amount"] == Decimal(query["amount"])]
    if "currency" in query:
        if not is_currency(query["currency"]) and query["currency"] not in NOT_ISO:
            raise _BadRequest("currency: an ISO 4217 code")
        items = [item for item in items if item["currency"] == query["currency"]]
    if "date_from" in query:
        start = _day("date_from", query["date_from"])
        items = [item for item in items if str(item["date_value"]) >= start]
    if "date_to" in query:
        end = _day("date_to", query["date_to"])
        items = [item for item in items if str(item["date_value"]) <= end]
    sort = query.get("sort", SORTS[0])
    if sort not in SORTS:
        raise _BadRequest(f"sort: one of {', '.join(SORTS)}")
    page = _integer("page", query.get("page", "1"))
    per_page = _integer("per_page", query.get("per_page", str(PER_PAGE)))
    ordered = sorted(items, key=lambda item: (item[sort], item["settlementid"]))
    return ordered[(page - 1) * per_page : page * per_page]


def _integer(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,15}", text) or int(text) < 1:
        raise _BadRequest(f"{name}: an integer from 1")
    return int(text)


def _day(name: str, text: str) -> str:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise _BadRequest(f"{name}: a date as YYYY-MM-DD")


def _json(status: int, body: object) -> Response:
    return Response(_encoded(body), status, media_type="application/json")


def _encoded(value: object) -> str:
    """JSON in which a Decimal is the number it is, to the last digit (the json module only knows floats)."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(key)}:{_encoded(member)}" for key, member in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(map(_encoded, value)) + "]"
    return json.dumps(value)
