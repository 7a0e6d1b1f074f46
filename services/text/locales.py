"""The languages of our screens and letters, each with the locale in which its readers write dates and numbers."""

FORMAT_LOCALES = {
    "fr": "fr", "en": "en_GB", "it": "it", "pt": "pt_PT", "de": "de", "pl": "pl", "nl": "nl", "es": "es",
}  # fmt: skip
