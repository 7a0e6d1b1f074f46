"""
ExportError
├── ExportGone            it was deleted, its time is over, or it is not this person's
├── ExportNotReady        it is still being made, or failed
├── ExportRightsChanged   since it was made, the person has lost the right on an account
├── ExportDied            its process ended each time
├── ExportFailed          a fault of ours
└── ExportEmptied         a customer's data was erased meanwhile
"""

from typing import ClassVar

from services.errors import DeskError


class ExportError(DeskError):
    code: ClassVar[str] = "export"


class ExportGone(ExportError):
    code = "export_gone"


class ExportNotReady(ExportError):
    code = "export_not_ready"


class ExportRightsChanged(ExportError):
    code = "export_rights_changed"


class ExportDied(ExportError):
    code = "export_died"


class ExportFailed(ExportError):
    code = "export_failed"


class ExportEmptied(ExportError):
    code = "export_emptied"
