import re

ENDINGS = "ational|ation|ingly|edly|ness|ment|able|ible|ings|ing|ies|ied|ers|er|est|ed|es|ly|s|y|e"
SUFFIXES = re.compile(f"(?<=[a-z]{{3}})({ENDINGS})$")


def stem(word: str) -> str:
    """A word without its commonest English endings, and without a doubled last letter."""
    bare = SUFFIXES.sub("", word)
    return bare[:-1] if len(bare) > 3 and bare[-1] == bare[-2] else bare


def stemmed_words(text: str) -> list[str]:
    """The stems of the words of a text."""
    return [stem(word) for word in re.findall(r"[a-z0-9]{2,}", text.lower())]
