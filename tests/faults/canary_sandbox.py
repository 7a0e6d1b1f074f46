"""``python -m tests.faults.canary_sandbox PASSWORD PASSPHRASE SMTP_PASSWORD arguments…``: the sandbox with other secrets.

Its own are published and stand everywhere; these must stand nowhere.
"""

import sys

from sandbox import settings

_, settings.PASSWORD, settings.PASSPHRASE, smtp_password, *arguments = sys.argv

from sandbox import __main__, mailbox  # noqa: E402 - they read the secrets as they are imported

mailbox.PASSWORD = smtp_password

if __name__ == "__main__":
    sys.argv = ["sandbox", *arguments]
    sys.exit(__main__.main())
