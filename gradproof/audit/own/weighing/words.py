"""What a note says in words beside an equation: that it is meant of another case, or holds only nearly."""

from __future__ import annotations

import re

_REACH = 400
_MATHS = re.compile(
    r"\$\$.{0,2000}?\$\$|\$[^$]{0,400}\$|\\{1,2}[(\[].{0,2000}?\\{1,2}[)\]]|:math:`[^`]{0,400}`|`[^`]{0,400}`", re.S
)
_ENDS = re.compile(r"\n[ \t]*\n|[.!?;:][)*_]{0,2}\s+(?=[A-Z$\\*_(`-])|\n[ \t]{0,6}(?:[-*+]|\d{1,2}[.)])\s")
_ANOTHER = re.compile(
    r"(?i)\b(?:assum\w*|suppos\w*|ignor\w*|neglect\w*|instead|would|what\s+if|exercises?|asymptotic\w*|roughly"
    r"|at\s+(?:test|inference)\s+time|in\s+the\s+limit|limiting|without\s+loss\s+of\s+generality|wlog|on\s+average"
    r"|at\s+(?:the|an?|this|such\s+an?)\s+(?:optim\w+|minim\w+|maxim\w+|stationary|equilibrium|fixed\s+point|solution)"
    r"|at\s+convergence|first[- ]order\s+conditions?|unless|provided|for\s+(?:large|small|high|low)"
    r"|approximat\w+|alternatively|otherwise|in\s+the\s+special\s+case|special\s+case|if\s+(?:we|you|one)\s+(?:use|used|had|replace\w*)"
    r"|set(?:ting)?\b[^.]{0,40}\bto\s+zero|vanish\w*|in\s+expectation)\b"
)
_ONE_OF_SEVERAL = re.compile(
    r"\b(?:[Ff]or|[Ww]ith|[Uu]sing)\s+(?:the\s+|an?\s+)?(?!all\b|each\b|every\b|any\b|example\b|instance\b|this\b|these\b|those\b|both\b|which\b"
    r"|convenience\b|respect\b|it\b|them\b|us\b|that\b|general\b|chain\b)[A-Za-z][A-Za-z-]{2,20}"
    r"(?:\s+(?:units?|activations?|loss|case|gates?))?(?:\s+(?:we|one|you|this|it)\s+(?:have|has|gets?|is|gives))?[,:]?\s*$"
)
_HEADING = re.compile(
    r"(?m)^[ \t>]{0,6}#{1,6}[ \t]+([^\n]{1,120})|\\(?:sub){0,2}section\*?\{([^{}\n]{1,120})\}"
    r"|\\paragraph\*?\{([^{}\n]{1,80})\}"
)
_OTHER_PART = re.compile(
    r"(?i)\bwhat\s+if\b|\bexercises?\b|\banother\b|\balternativ|\bvariants?\b|\bat\s+test\s+time\b|\bhomework\b|\bapproximat|\basymptotic"
)


def sentence_before(text: str, start: int) -> str:
    """What stands in the same sentence before an equation."""
    before = text[max(0, start - _REACH) : start]
    ends = [match.end() for match in _ENDS.finditer(before)]
    return before[ends[-1] :] if ends else before


def of_another_case(text: str, start: int) -> str:
    """The words by which an equation is meant of another case than the rest; empty where there are none."""
    bare = _MATHS.sub(" # ", sentence_before(text, start))
    if match := _ANOTHER.search(bare):
        return " ".join(match[0].split())
    if match := _ONE_OF_SEVERAL.search(bare):
        return " ".join(match[0].split()).rstrip(" ,:")
    headings = list(_HEADING.finditer(text, 0, start))
    title = next((group for group in headings[-1].groups() if group), "") if headings else ""
    match = _OTHER_PART.search(title)
    return match[0] if match else ""
