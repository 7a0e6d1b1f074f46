"""What the processes of ``tests.support.forked`` have loaded before they begin. Nothing here may start a thread."""

import gc
from importlib import import_module

for name in (
    "services.bulk.sending", "services.demo.drain", "services.entrypoints.worker", "services.imports.background",
    "services.mail.reports", "services.orders.history", "services.orders.open_page", "tests.support.desk", "tests.support.imap",
    "tests.support.sandbox",
    # and what these load when they first use it
    "certifi", "email_validator", "httpcore", "jinja2", "services.hipay.http",
):  # fmt: skip
    import_module(name)
gc.freeze()  # what they share stays shared
