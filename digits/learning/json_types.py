"""The values that published JSON is made of, within bounds; :func:`digits.files.read_json` refuses all others."""

from typing import Annotated

from msgspec import Meta

MOST_IMAGES = 1_000_000  #: more than a file of data may hold

Count = Annotated[int, Meta(ge=0, le=MOST_IMAGES)]  #: of images, or the index of one
Number = Annotated[int, Meta(ge=1, le=MOST_IMAGES)]  #: of images, at least one
Size = Annotated[int, Meta(ge=1, le=10**12)]  #: of a file or a network
Digit = Annotated[int, Meta(ge=0, le=9)]
Share = Annotated[float, Meta(ge=0, le=1)]
Loss = Annotated[float, Meta(ge=0, le=1e6)]
Duration = Annotated[float, Meta(ge=0, le=1e9)]  #: seconds or milliseconds
Time = Annotated[float, Meta(gt=0, le=1e9)]  #: of which ratios are formed
Line = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]  #: text that does not break a table
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Shares = Annotated[list[Share], Meta(min_length=10, max_length=10)]  #: by digit
Counts = Annotated[list[Count], Meta(min_length=10, max_length=10)]  #: by digit
Table = Annotated[list[Counts], Meta(min_length=10, max_length=10)]  #: by digit and digit
ByEpoch = Annotated[list[Loss], Meta(min_length=1, max_length=10_000)]
