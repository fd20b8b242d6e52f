"""The two languages that we write, and who reads which."""


def spoken_by(tag: str | None, *, default: str) -> str:
    """Chinese of every kind is answered in zh-CN, every other language in English;
    `default` where nothing is known.
    """
    if not tag:
        return default
    return "zh-CN" if tag.lower().replace("_", "-").partition("-")[0] == "zh" else "en"
