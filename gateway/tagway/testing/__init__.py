"""What plugin authors and QA suites use.

For a plugin's own tests: `golden_pairs` (a request beside the events that it must become), `conformance` (what
every source must stand), `request_to` and `signed` (requests as the vendor sends them).

For a whole suite: `InProcess` folds requests into a store in a folder of your own, without HTTP, and reads back
what became of them.
"""

from tagway.testing.conformance import Check as Check
from tagway.testing.conformance import conformance as conformance
from tagway.testing.golden import GoldenPair as GoldenPair
from tagway.testing.golden import golden_pairs as golden_pairs
from tagway.testing.inprocess import InProcess as InProcess
from tagway.testing.requests import request_to as request_to
from tagway.testing.requests import signed as signed
