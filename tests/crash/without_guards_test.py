"""Each guard of the protocol holds what it is for: with it its situation ends well, without it ends wrong.

CRASH_GUARDS="GUARD…": these only. CRASH_WITHOUT=GUARD: that guard's situation alone, without it; so this fails, and says which property is violated. Needs
programs with crash points (preset debug). The situations and the properties are told in situations.py.
"""

import concurrent.futures
import os
import queue
import sys
import time
import unittest

import situations

AT_ONCE = 4   # they mostly wait


def perform(sites, guard, without):
    """What was wrong, or what has gone wrong; and the seconds it took."""
    site = sites.get()
    began = time.monotonic()
    try:
        ended = site.perform(guard, without)
    except Exception as error:   # the others go on
        error.add_note(f"in the situation of {guard}, {'without' if without else 'with'} it")
        ended = error
    sites.put(site)
    return ended, time.monotonic() - began


class WithoutGuards(unittest.TestCase):
    def test_each_guard(self):
        alone = os.environ.get("CRASH_WITHOUT")
        if alone:
            ended = situations.Site().perform(alone, without=True)
            for wrong in ended:
                print(f"\nwithout {alone}: {wrong}", flush=True)   # on a line of its own
            self.assertEqual(ended, [], f"without {alone}")
            return
        chosen = os.environ.get("CRASH_GUARDS", "").split() or situations.SITUATIONS
        runs = [(guard, without) for guard in chosen for without in (False, True)]
        sites = queue.SimpleQueue()
        for _ in range(min(AT_ONCE, len(runs))):
            sites.put(situations.Site())
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            ends = list(pool.map(lambda run: perform(sites, *run), runs))
        for (guard, without), (ended, seconds) in zip(runs, ends):
            with self.subTest(guard=guard, without=without):
                if isinstance(ended, Exception):
                    raise ended
                if not without:
                    self.assertEqual(ended, [])
                    print(f"with {guard}: as it should be ({seconds:.0f} s)", flush=True)
                    continue
                broken = situations.SITUATIONS[guard][0]
                self.assertTrue(any(wrong.startswith(broken) for wrong in ended),
                                f"without {guard} {broken} should be violated; wrong was: {ended}")
                print(f"without {guard}: {ended[0]} ({seconds:.0f} s)", flush=True)
        print("not shown: " + "; ".join(f"{guard}: {why}" for guard, why in situations.NOT_SHOWN.items()), flush=True)


if __name__ == "__main__":
    chosen = os.environ.get("CRASH_WITHOUT")
    if chosen and chosen not in situations.SITUATIONS:   # not to be taken for a violation
        why = situations.NOT_SHOWN.get(chosen, "there is no such guard; there are: " + " ".join(situations.SITUATIONS))
        print(f"{chosen}: {why}", file=sys.stderr)
        sys.exit(2)
    unittest.main(verbosity=2)
