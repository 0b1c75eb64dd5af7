"""Languages to choose from (XEP-0060 §5.4): tags of BCP 47, with what their speakers call them."""

import re
from collections.abc import Mapping

LANGUAGES: Mapping[str, str] = {
    "ar": "العربية",
    "bg": "български",
    "ca": "català",
    "cs": "čeština",
    "da": "dansk",
    "de": "Deutsch",
    "el": "ελληνικά",
    "en": "English",
    "es": "español",
    "et": "eesti",
    "eu": "euskara",
    "fa": "فارسی",
    "fi": "suomi",
    "fr": "français",
    "ga": "Gaeilge",
    "gl": "galego",
    "he": "עברית",
    "hi": "हिन्दी",
    "hr": "hrvatski",
    "hu": "magyar",
    "id": "Bahasa Indonesia",
    "is": "íslenska",
    "it": "italiano",
    "ja": "日本語",
    "ko": "한국어",
    "lt": "lietuvių",
    "lv": "latviešu",
    "mt": "Malti",
    "nb": "norsk bokmål",
    "nl": "Nederlands",
    "pl": "polski",
    "pt": "português",
    "ro": "română",
    "ru": "русский",
    "sk": "slovenčina",
    "sl": "slovenščina",
    "sq": "shqip",
    "sr": "српски",
    "sv": "svenska",
    "th": "ไทย",
    "tr": "Türkçe",
    "uk": "українська",
    "vi": "Tiếng Việt",
    "zh": "中文",
}
"""Some of many: any other tag may be given too."""

_TAG = re.compile("[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def is_language(tag: str) -> bool:
    """Tell whether this is formed as the tag of a language, such as `pt-BR` (RFC 5646 §2.1)."""
    return _TAG.fullmatch(tag) is not None
