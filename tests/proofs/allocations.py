"""Lets each allocation of a program fail once: allocations.py PRELOADED PROGRAM STEP

Runs memory.c with allocations.c once for each STEP-th allocation. Each run must end in one of
these ways, within its deadline:

- everything works, or calls return an error and what they did not refuse is right;
- the process aborts and has said on stderr that memory ran out.

The calls that allocate memory for the bytes of messages (scenario "message") do not abort.
"""

import collections
import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import tempfile

DEADLINE = 60
# The last one is what the system says if it has no memory for a thread.
SAID = re.compile(r"memory allocation of \d+ bytes failed|out of memory|std::bad_alloc"
                  r"|cannot allocate memory|resource temporarily unavailable", re.IGNORECASE)


def run(preloaded, program, scenario, number):
    environment = dict(os.environ, LD_PRELOAD=preloaded, FAIL=str(number))
    with tempfile.TemporaryDirectory() as folder:
        try:
            ended = subprocess.run([program, scenario, folder], env=environment, text=True,
                                   capture_output=True, timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            return "hang", "", "", None
    aborted = ended.returncode == -signal.SIGABRT and SAID.search(ended.stderr)
    if ended.returncode == 0:
        outcome = "error" if " ZEROMQ_CODE_" in ended.stdout else "success"
    elif aborted:
        outcome = "abort"
    else:
        outcome = f"status {ended.returncode}"
    total = re.search(r"allocations: (\d+)", ended.stdout)
    return outcome, ended.stdout, ended.stderr, total and int(total[1])


def main():
    preloaded, program, step = sys.argv[1], sys.argv[2], int(sys.argv[3])
    failed = False
    for scenario, allowed in (("message", {"success", "error"}),
                              ("all", {"success", "error", "abort"})):
        # How many there are varies with the threads.
        total = run(preloaded, program, scenario, -1)[3] + (20 if scenario == "all" else 0)
        numbers = range(0, total, 1 if scenario == "message" else step)
        outcomes, places = collections.Counter(), collections.Counter()
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            runs = pool.map(lambda number: run(preloaded, program, scenario, number), numbers)
            for number, (outcome, stdout, stderr, _) in zip(numbers, runs):
                outcomes[outcome] += 1
                if outcome not in allowed:
                    failed = True
                    print(f"FAILED: {scenario}, allocation {number}: {outcome}\n{stdout}{stderr}")
                if outcome == "abort":
                    places[SAID.search(stderr)[0].split(" of ")[0]] += 1
        print(f"{scenario}: {len(numbers)} runs: {dict(outcomes)}; {dict(places)}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
