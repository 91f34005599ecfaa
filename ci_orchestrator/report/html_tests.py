"""The frame of the table of all tests and of the panel of one; the scripts fill them."""

from __future__ import annotations

from ci_orchestrator.report.wording import FLAKY_SYMBOL, SYMBOLS, WORDS

DETAIL = """\
<aside id="detail" role="dialog" aria-modal="false" aria-labelledby="detail-title" hidden>
<div class="bar"><button type="button" id="detail-previous" title="Previous test (k)">↑ previous</button>
<button type="button" id="detail-next" title="Next test (j)">↓ next</button>
<button type="button" id="detail-copy">Copy id</button>
<button type="button" id="detail-close" title="Close (Esc)">✕ close</button></div>
<div id="detail-body"></div>
</aside>
"""

_HEADS = (("state", ""), ("test", "test"), ("suite", "suite"), ("job", "job"), ("tries", "tries"), ("time", "time"))


def table() -> str:
    """The search, the filters and an empty grid."""
    toggles = "".join(
        f'<button type="button" class="{outcome.value}" data-outcome="{outcome.value}" aria-pressed="false">'
        f'<span class="symbol" aria-hidden="true">{symbol}</span> {WORDS[outcome]}</button>'
        for outcome, symbol in SYMBOLS.items()
    )
    flaky = (
        '<button type="button" class="flaky" id="flaky" aria-pressed="false">'
        f'<span class="symbol" aria-hidden="true">{FLAKY_SYMBOL}</span> flaky</button>'
    )
    return (
        '<section class="card" id="tests" tabindex="-1"><h2>All tests</h2>\n'
        "<noscript><p>Scripts are off: all tests are in results.json and merged.xml.</p></noscript>\n"
        '<form id="filters" role="search" aria-label="Filter the tests">'
        '<label class="search"><span class="visually-hidden">Search</span><input type="search" id="search" '
        'placeholder="Search names, paths and suites  ( / )" autocomplete="off" spellcheck="false"></label>'
        f'<div class="toggles" role="group" aria-label="Outcome">{toggles}{flaky}</div>'
        f"{_choice('suite', 'All suites')}{_choice('job', 'All jobs')}"
        '<button type="reset">Reset</button></form>\n'
        '<p id="matches" role="status" aria-live="polite"></p>\n'
        f'<div id="grid" role="grid" tabindex="0" aria-label="Tests" aria-readonly="true">{_head()}'
        '<div id="rows" role="rowgroup"></div></div></section>\n'
    )


def _head() -> str:
    cells = "".join(
        f'<div role="columnheader" class="{key}" aria-sort="none"><button type="button" data-sort="{key}">'
        f"{label or '<span class=visually-hidden>outcome</span>±'}</button></div>"
        for key, label in _HEADS
    )
    return f'<div role="rowgroup" class="head"><div role="row" aria-rowindex="1">{cells}</div></div>'


def _choice(name: str, everything: str) -> str:
    """A list to choose from; the scripts know what."""
    return (
        f'<label><span class="visually-hidden">{name}</span><select id="{name}"><option value="">{everything}</option>'
        "</select></label>"
    )
