"""Writers of some records only, one lot after another, each of which knows its answers' times."""

import time

from storm_client import Writers


class Stage(Writers):
    """Writers of some records of the maker only, who know when each write was acknowledged."""

    def __init__(self, maker, services, journal, options, records):
        super().__init__(maker, services, journal, options)
        self._order = [i for i in self._order if i in records]
        self.times = []  # s, rising.

    def _accept(self, write, reply, document):
        answer = super()._accept(write, reply, document)
        with self.state:
            self.times.append(time.monotonic())
        return answer

    def longest_pause(self, since):
        """s between two answers of which the second came after `since`."""
        with self.state:
            times = self.times + [time.monotonic()]
        return max(b - a for a, b in zip(times, times[1:]) if b > since)
