"""What plugin authors and QA suites use: the whole way of one event in one process, without HTTP.

`InProcess` folds requests into a store in a folder of your own and reads back what became of them.
"""

from tagway.testing.inprocess import InProcess as InProcess
