"""What the configuration of an account refuses.

AccountError
├── AccountUnknown         no such account in the settings
├── FieldProblems          a form: one error for each wrong field
├── UrlError               the address of a redirect page
│   ├── UrlTooLong
│   ├── UrlNotAbsolute
│   ├── UrlNotSecure       http where a real account needs https
│   ├── UrlHasCredentials
│   ├── UrlHasFragment
│   └── UrlMalformed       blanks, letters beyond ASCII, quotes
├── PaymentPageError       a setting of HiPay's payment page
│   ├── DisplayNameTooLong
│   ├── ThemeCodeMalformed
│   └── ProductUnknown
├── LanguageUnknown
├── PublicAddressMissing   our own pages need the public address
├── SmtpMissing            no SMTP server is set
├── SenderMissing          the e-mail settings have no sender address
├── RecipientMissing       the person has no e-mail address
├── DaysOutOfRange         the days until a payment must be in a payout file, or a payout must tie
└── WriteOffOutOfRange     the largest difference that finance may write off
"""

from collections.abc import Mapping
from typing import ClassVar

from services.errors import DeskError


class AccountError(DeskError):
    code: ClassVar[str] = "account"


class AccountUnknown(AccountError):
    code = "account_unknown"

    def __init__(self, account: str) -> None:
        super().__init__(account)
        self.account = account


class FieldProblems(AccountError):
    """``problems``: the error of each wrong field, by its name. Nothing was saved."""

    code = "account_fields"

    def __init__(self, problems: Mapping[str, DeskError]) -> None:
        super().__init__(", ".join(f"{name}: {error.code}" for name, error in problems.items()))
        self.problems = dict(problems)

    def fields(self) -> dict[str, str]:
        return {"fields": ", ".join(self.problems)}


class UrlError(AccountError):
    code = "url"


class UrlTooLong(UrlError):
    code = "url_too_long"

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class UrlNotAbsolute(UrlError):
    code = "url_not_absolute"


class UrlNotSecure(UrlError):
    code = "url_not_secure"


class UrlHasCredentials(UrlError):
    code = "url_has_credentials"


class UrlHasFragment(UrlError):
    code = "url_has_fragment"


class UrlMalformed(UrlError):
    code = "url_malformed"


class PaymentPageError(AccountError):
    code = "payment_page"


class DisplayNameTooLong(PaymentPageError):
    code = "payment_page_name_too_long"

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class ThemeCodeMalformed(PaymentPageError):
    code = "payment_page_theme_malformed"


class ProductUnknown(PaymentPageError):
    code = "payment_page_product_unknown"

    def __init__(self, product: str) -> None:
        super().__init__(product)
        self.product = product


class LanguageUnknown(AccountError):
    code = "email_language_unknown"


class PublicAddressMissing(AccountError):
    code = "public_address_missing"


class SmtpMissing(AccountError):
    code = "smtp_missing"


class SenderMissing(AccountError):
    code = "sender_missing"


class RecipientMissing(AccountError):
    code = "recipient_missing"


class DaysOutOfRange(AccountError):
    code = "alarm_days_out_of_range"

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most


class WriteOffOutOfRange(AccountError):
    code = "write_off_out_of_range"

    def __init__(self, most: int) -> None:
        self.most = most
