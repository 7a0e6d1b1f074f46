"""The root of every refusal the product makes.

    DeskError
    ├── services.money.AmountError …
    ├── services.settings.sources.SettingsError
    ├── services.access.AccessError …
    ├── services.orders.errors …
    ├── services.hipay.errors.HiPayError …
    ├── services.mail.errors.MailError …
    └── services.settlements.errors …

A refusal carries a stable ``code`` and typed fields, never a sentence: the pages make the sentence, in the reader's
language, from ``services.error_messages``. An amount is a field ``…_units`` (1/10000) next to the field ``currency``.
"""

from typing import ClassVar


class DeskError(Exception):
    """A refusal with a name. ``code`` is stable; ``fields()`` are the values its sentence needs."""

    code: ClassVar[str] = "error"

    def fields(self) -> dict[str, str]:
        """The public attributes of the error as text, for the sentence's placeholders; none of those that are None."""
        return {
            name: str(value)
            for name, value in vars(self).items()
            if not name.startswith("_") and value is not None
        }
