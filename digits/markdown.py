"""Tables, lists, percentages and durations as pages and messages show them."""

from collections.abc import Collection, Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]], words: Collection[int] = (0,)) -> str:
    """A Markdown table; the columns with the indices ``words`` are aligned left, all others right."""
    alignment = ["---" if column in words else "---:" for column in range(len(header))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, alignment, *rows))


def in_words(items: Sequence[str]) -> str:
    """A list as running text: "a", "a and b", "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def percent(share: float, digits: int = 2) -> str:
    """A share in [0, 1] as "99.41%"."""
    return f"{share:.{digits}%}"


def interval(low: float, high: float) -> str:
    """Both ends of an interval of shares: "98.46% – 98.90%"."""
    return f"{percent(low)} – {percent(high)}"


def misses_of(misses: float, n: int) -> str:
    """Misses and n: "130 / 10,000"; a mean over seeds with one decimal if it is not a whole number."""
    return f"{number(misses)} / {n:,}"


def accuracy(misses: int, n: int) -> str:
    """An accuracy with its misses and n: "98.70% (130 / 10,000)"."""
    return f"{percent(1 - misses / n)} ({misses_of(misses, n)})"


def number(value: float) -> str:
    """A count, or a mean of counts with one decimal: "1,300", "127.8"."""
    return f"{value:,.{0 if value == int(value) else 1}f}"


def duration(seconds: float) -> str:
    """Seconds as "48 s", "7 min" or "1 h 5 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def with_section(page: str, name: str, text: str) -> str:
    """A page with ``text`` put between the comments ``<!-- name -->`` and ``<!-- /name -->``.

    Raises:
        ValueError: the page does not have exactly one of each.
    """
    first, last = f"<!-- {name} -->", f"<!-- /{name} -->"
    if page.count(first) != 1 or page.count(last) != 1:
        raise ValueError(f"expected one {first} and one {last} in the page")
    before, _, rest = page.partition(first)
    return f"{before}{first}\n{text}\n{last}{rest.partition(last)[2]}"
