"""Every process that opens the desk (dashboard, worker, public application) begins here.

It is a module below all three, since the public application may not import the dashboard's entry points.
"""

import os
import sys
from collections.abc import Callable

from services import desk, restore_guard
from services.desk import Desk
from services.error_messages import sentence
from services.i18n import translator
from services.settings import Settings, load, unknown_names
from services.settings.sources import SettingsError, secrets_file
from services.store import DatabaseRefused


def desk_or_exit(check: Callable[[Settings], None] = lambda _: None) -> Desk:
    """This process's desk; its database is held where it was restored from a backup. Where it cannot be opened, a sentence for
    each problem on the error stream, and exit 1. A setting that nothing reads is reported in any case. ``check``: what this program further requires of
    the settings; it raises SettingsError."""
    try:
        for name in unknown_names():
            sys.stderr.write(
                f"{name} is not a setting of E-Terminal Desk, and nothing reads it: check its spelling.\n"
            )
        if "ETERMINAL_SECRETS" in os.environ and not secrets_file().exists():
            sys.stderr.write(
                f"ETERMINAL_SECRETS names {secrets_file()}, which is not there: no setting is read from a file.\n"
            )
        check(load())
        opened = desk.current()
        restore_guard.hold_if_restored(opened.store, opened.settings)
        return opened
    except SettingsError as error:
        sys.exit(str(error))
    except DatabaseRefused as error:
        message = f" It said: {error.detail.rstrip('.?')}." if error.detail else ""
        setting = "ETERMINAL_DATABASE_URL" if load().database_url else "ETERMINAL_DATA_DIR"
        sys.exit(f"{sentence(error, translator('en'))}{message} The setting is {setting} (docs/operator.md).")
