"""The names of the months in five languages, and what is short for them."""

from __future__ import annotations

from typing import Final

MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january januar jänner janvier enero jan", "february februar février febrero feb",
            "march märz mars marzo mar", "april avril abril apr", "may mai mayo", "june juni juin junio jun",
            "july juli juillet julio jul", "august août agosto aug", "september septembre septiembre sep sept",
            "october oktober octobre octubre oct okt", "november novembre noviembre nov",
            "december dezember décembre diciembre dec dez",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
