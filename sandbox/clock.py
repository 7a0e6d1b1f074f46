"""The sandbox's time: the machine's, moved by an offset that the control API sets."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Every time the sandbox stamps or compares comes from here."""

    def __init__(self, offset_seconds: float = 0.0) -> None:
        self.offset_seconds = offset_seconds

    def now(self) -> datetime:
        """Aware, UTC, whole seconds as HiPay writes them."""
        return self.exact().replace(microsecond=0)

    def exact(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.offset_seconds)

    def set(self, moment: datetime) -> None:
        """Make it `moment` (aware) now; time goes on from there."""
        self.offset_seconds = (moment - datetime.now(UTC)).total_seconds()


def basic(moment: datetime | None) -> str:
    """'2026-03-05T12:06:55+0000', as the hosted page, the v1 API and notifications write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000") if moment else ""


def rfc3339(moment: datetime | None) -> str | None:
    """'2026-03-05T12:06:55+00:00', as the v3 consultation writes it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None
