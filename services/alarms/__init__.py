"""To do: alarms, which a person must deal with; who has each, and how it is closed.

AlarmError
├── UnknownAlarm
├── AlarmClosed        somebody else was quicker
├── AlarmToDecide      it ends with the decision that it asks for
└── ClosingReasonMissing
"""

from typing import ClassVar

from services.errors import DeskError


class AlarmError(DeskError):
    code: ClassVar[str] = "alarm"


class UnknownAlarm(AlarmError):
    code = "alarm_unknown"


class AlarmClosed(AlarmError):
    code = "alarm_closed"


class AlarmToDecide(AlarmError):
    code = "alarm_to_decide"


class ClosingReasonMissing(AlarmError):
    code = "alarm_reason_missing"
