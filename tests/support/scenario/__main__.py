"""Runs scenarios: python3 tests/support/scenario [--show] [--alter] [--setting NAME=VALUE]… PROGRAMS FOLDER-OR-FILE…

PROGRAMS is the folder with the built programs. Every *.scenario file of a folder is performed, in the order of the names,
in one world (world.py). One line a scenario; a failed one is followed by its differences. --show prints what happened in
the words of a scenario file, for who writes one; --alter sees each expectation fail once (alter.py). Needs DATABASE_URL:
tests/support/with-postgres --fast gives one.
"""

import argparse
import pathlib
import re
import signal
import sys
import time
import traceback

import show
from alter import check_alterations
from checks import check
from conversation import Malformed, read_scenario
from performance import Performance
from world import SIMULATORS, Gone, World, die_with_parent, settings_of


def main():
    arguments = argparse.ArgumentParser(usage=__doc__)
    arguments.add_argument("--show", action="store_true")
    arguments.add_argument("--alter", action="store_true")
    arguments.add_argument("--setting", action="append", default=[])
    arguments.add_argument("programs")
    arguments.add_argument("scenarios", nargs="+")
    given = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))

    scenarios, settings = [], {}
    for path in map(pathlib.Path, given.scenarios):
        settings.update(settings_of(path if path.is_dir() else path.parent))
        scenarios += [read_scenario(file) for file in (sorted(path.glob("*.scenario")) if path.is_dir() else [path])]
    if not scenarios:
        sys.exit("no scenarios there")
    settings.update(setting.split("=", 1) for setting in given.setting)
    return perform_all(given, scenarios, settings)


def perform_all(given, scenarios, settings):
    world = World(given.programs, settings)
    failed, canaries = [], {}
    try:
        world.start()
        for number, scenario in enumerate(scenarios, 1):
            differences = perform(world, scenario, number, given, canaries)
            if differences:
                failed.append(scenario.name)
        leaks = search_at_the_end(world, canaries)
        print_line("nothing personal in logs and database", leaks, None)
        problems = world.stop()
        print_line("every program ends with status 0 when asked", problems + bad_ends(world), None)
        if leaks or problems or bad_ends(world):
            failed.append("the end")
    finally:
        world.stop()
        world.remove()
    print(f"{len(scenarios) - len([name for name in failed if name != 'the end'])} of {len(scenarios)} scenarios hold"
          + (f"; not: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


def perform(world, scenario, number, given, canaries):
    started = time.monotonic()
    performance = Performance(world, scenario, number)
    differences = []
    try:
        performance.run()
        differences = check(performance)
        performance.end()
        if given.alter and not differences:
            differences, count = check_alterations(performance, check)
            print(f"    {count} alterations of {scenario.name}, {len(differences)} not noticed")
        if given.show:
            print(show.show(performance))
    except (Gone, Malformed):
        print_line(scenario.name, [traceback.format_exc(limit=0)], started)
        raise
    except Exception:  # a scenario's own trouble is told and the others go on
        differences.append(traceback.format_exc(limit=-3))
        world.bgs("DELETE", "rules")
        world.intake("DELETE", "rules")
        world.notify("DELETE", "rules")
        world.evidence("DELETE", "rules")
        world.evidence("DELETE", "refuse")
    for what, text in performance.canaries():
        canaries[text] = what
    print_line(scenario.name, differences, started)
    return differences


def print_line(name, differences, started):
    took = f"  {time.monotonic() - started:.1f} s" if started else ""
    print(f"{'not ok' if differences else 'ok'}  {name}{took}", flush=True)
    for difference in differences:
        print("    " + difference.rstrip().replace("\n", "\n    "), flush=True)


def search_at_the_end(world, canaries):
    """Log lines of every program of ours, at level debug, and all rows in plain text."""
    places = {f"log of {name}": world.log(name).encode() for name in world.processes if name not in SIMULATORS}
    places["database"] = world.dump()
    leaks = []
    for place, data in places.items():
        for text, what in canaries.items():
            at = data.find(text.encode())
            if at >= 0:
                context = data[max(0, at - 200):at + 100].decode("utf-8", "replace")
                leaks.append(f"{what} {text} in the {place}: …{context}…")
    return leaks


def bad_ends(world):
    return [f"{name} ended with status {process.returncode}" + sanitizer_report(world.log(name))
            for name, process in world.processes.items() if process.returncode != 0]


def sanitizer_report(log):
    """The first one, where that was why: the log is removed with the world."""
    found = re.search(r"^.*(Sanitizer: |runtime error: )(.*\n){1,60}", log, re.MULTILINE)
    return "\n" + found[0] if found else ""


if __name__ == "__main__":
    die_with_parent()
    sys.exit(main())
