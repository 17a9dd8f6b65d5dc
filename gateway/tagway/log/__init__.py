"""The request log: everything that changes what is known, append-only, in `log.db`.

One row per request that was taken, with its exact bytes; one counting row per source, refusal code and second;
one row per command. `Log` is the file; `GroupCommit` the one writer thread of the web process.
"""

from tagway.log.file import FILE as FILE
from tagway.log.file import REDRIVE as REDRIVE
from tagway.log.file import Entry as Entry
from tagway.log.file import Log as Log
from tagway.log.file import Totals as Totals
from tagway.log.group_commit import GroupCommit as GroupCommit
from tagway.log.opening import one_moment as one_moment
from tagway.log.opening import open_read_only as open_read_only
from tagway.log.opening import prepare_folder as prepare_folder
from tagway.log.opening import unwritable as unwritable
