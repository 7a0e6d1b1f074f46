"""The control API: everything a person, a test or the demo does to the sandbox, and its page.

JSON in and out, or a plain form, which leads back to the page. Loopback only; what another site's page sends, `door` turns away.
"""

import ipaddress
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox import bookkeeping, commands, control_page, deliver, faults, files, finance_notify, operations
from sandbox.context import Sandbox
from sandbox.refusals import Refusal

Json = dict[str, Any]
Action = Callable[[Json], Any]


def routes(box: Sandbox) -> list[Route]:
    def post(path: str, action: Action, back: str = "/control") -> Route:
        async def endpoint(request: Request) -> Response:
            if not _trusted(request):
                return JSONResponse({"error": "the control API is for this machine alone"}, 403)
            as_form = "form" in request.headers.get("content-type", "")
            try:
                answer = action(await _form(request) if as_form else await _json(request))
            except Refusal as refusal:
                return JSONResponse({"error": refusal.description, "code": refusal.code}, 400)
            except (ValueError, TypeError, KeyError) as error:
                return JSONResponse({"error": str(error)}, 400)
            return RedirectResponse(back, 303) if as_form else JSONResponse(answer)

        return Route(path, endpoint, methods=["POST"])

    def get(path: str, answer: Callable[[Request], Any]) -> Route:
        async def endpoint(request: Request) -> Response:
            if not _trusted(request):
                return JSONResponse({"error": "the control API is for this machine alone"}, 403)
            found = answer(request)
            return found if isinstance(found, Response) else JSONResponse(found)

        return Route(path, endpoint, methods=["GET"])

    def clock(_: object = None) -> Json:
        return {"now": box.store.clock.exact().isoformat(), "offset_seconds": box.store.clock.offset_seconds}

    def move_clock(asked: Json) -> Json:
        if asked.get("reset"):
            box.store.clock.offset_seconds = 0.0
        elif "set" in asked:
            moment = datetime.fromisoformat(str(asked["set"]))
            box.store.clock.set(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        else:
            box.store.clock.offset_seconds += float(asked["advance_seconds"])
        box.store.keep_clock()
        operations.expire(box, box.store.transactions.values())
        return clock()

    def settings(_: object = None) -> Json:
        return asdict(box.settings)

    def change_settings(asked: Json) -> Json:
        box.store.use(box.settings.changed(asked))
        return settings()

    def fault(asked: Json) -> Json:
        count, delay, code = (asked.get(name) or None for name in ("count", "delay_ms", "code"))
        box.faults.set(
            faults.parse(
                str(asked.get("kind", "")),
                str(asked.get("path") or ""),
                int(count) if count else None,
                int(delay or 0),
                int(code or 1000008),
            )
        )
        return {"faults": [asdict(each) for each in box.faults.active]}

    def settle(asked: Json) -> Json:
        made = bookkeeping.run(
            box, str(asked.get("scenario") or "plain"), reserve_release=bool(asked.get("reserve_release"))
        )
        return {"settlements": [commands.settlement(box, each) for each in made]}

    def correct(asked: Json) -> Json:
        change = str(asked.get("change") or "fee")
        return commands.settlement(box, bookkeeping.correct(box, int(asked["id"]), change))

    def redeliver(asked: Json) -> Json:
        number = asked.get("settlement")
        subject = finance_notify.subject(int(number)) if number else str(asked["orderid"])
        return {"redelivered": deliver.again(box, subject)}

    def reset(asked: Json) -> Json:
        box.store.reset()
        box.faults.active.clear()
        return {"reset": True}

    def file(request: Request) -> Response:
        found = box.store.settlements.get(request.path_params["id"])
        ext, part = request.path_params["ext"], request.path_params.get("part")
        if found is None or ext not in files.EXTENSIONS or not 0 < (part or 1) <= found.parts:
            return JSONResponse({"error": "no such settlement file"}, 404)
        given = found if part is None else files.part_of(found, part)
        body = files.render(given, ext, files.Dialect(**box.settings.file_dialect))
        kind = "application/vnd.ms-excel" if ext == ".xls" else "text/csv"
        name = f'attachment; filename="settlement-{found.id}{f"-{part}" if part else ""}{ext}"'
        return Response(body, media_type=kind, headers={"Content-Disposition": name})

    return [
        get("/", lambda _: control_page.show(box)),
        get("/control", lambda _: control_page.show(box)),
        get("/control/clock", clock),
        post("/control/clock", move_clock),
        get("/control/settings", settings),
        post("/control/settings", change_settings),
        get("/control/faults", lambda _: {"faults": [asdict(each) for each in box.faults.active]}),
        post("/control/faults", fault),
        post("/control/pay", lambda asked: {"results": commands.pay(box, asked)}),
        post("/control/complete-pending", lambda asked: {"results": commands.complete_pending(box, asked)}),
        post("/control/operation", lambda asked: commands.operation(box, asked)),
        post("/control/chargeback", lambda asked: commands.chargeback(box, asked)),
        post("/control/chargeback-refund", lambda asked: commands.chargeback_refund(box, asked)),
        get(
            "/control/settlements",
            lambda _: [commands.settlement(box, s) for s in box.store.settlements.values()],
        ),
        post("/control/settlements", settle),
        post("/control/correct-settlement", correct),
        get("/control/settlements/{id:int}/raw{ext}", file),
        get("/control/settlements/{id:int}/part{part:int}{ext}", file),
        get("/control/orders", lambda _: commands.orders(box)),
        get("/control/notifications", lambda _: commands.notifications(box)),
        post("/control/redeliver", redeliver),
        post("/control/reset", reset),
        post("/control/empty-mailbox", lambda _: box.store.delete_messages(), back="/mailbox"),
    ]


def _trusted(request: Request) -> bool:
    """From this machine; `door` has turned away what another site's page sent."""
    host = request.client.host if request.client else ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _json(request: Request) -> Json:
    body = await request.body()
    asked = json.loads(body) if body.strip() else {}
    if not isinstance(asked, dict):
        raise ValueError("a JSON object is expected")
    return asked


# What a form can only write as text.
_READ: dict[str, Callable[[str], Any]] = {
    "orderids": lambda text: text.split("\n"),
    **dict.fromkeys(
        """all_open reserve_release reset notifications feedback_parameters settlement_files preamble totals
        operations_named""".split(),
        lambda t: t == "true",
    ),
    **dict.fromkeys("smtp_reply smtp_drop".split(), lambda text: text or None),
    **dict.fromkeys("products".split(), json.loads),
}


async def _form(request: Request) -> Json:
    """The form's fields as the JSON would have them; `file_dialect.decimal` is a name inside `file_dialect`."""
    asked: Json = {}
    async with request.form() as form:
        for name, value in form.multi_items():
            if not isinstance(value, str):
                continue
            outer, _, inner = name.rpartition(".")
            place = asked.setdefault(outer, {}) if outer else asked
            place[inner] = _READ[inner](value) if inner in _READ else value
    return asked
