"""How times are taken: everything takes turns, round after round, and a ratio is the median of the rounds' ratios.

Other load on the machine slows whatever runs at the time. So a round takes the least of several times of each, one after
the other, and compares within the round.
"""

import json
import re
import statistics
import subprocess
import sys
import time


def least_time(run, seconds):
    """The least of the times, in seconds, that fit into the given seconds; three at least."""
    run()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def ratios(ours, others, rounds):
    """The medians over the rounds of ours, of each of the others, and of ours ÷ each: functions that return seconds."""
    ours_times, others_times = [], {name: [] for name in others}
    for _ in range(rounds):
        ours_times.append(ours())
        for name, measure in others.items():
            others_times[name].append(measure())
    return statistics.median(ours_times), {
        name: (statistics.median(times), statistics.median(a / b for a, b in zip(ours_times, times)))
        for name, times in others_times.items()}


class Benchmark:
    """deq-benchmark, one operation at a time, in a process of its own."""

    def __init__(self, path, threads, seconds, models):
        self.path, self.threads, self.seconds, self.models = path, threads, seconds, models

    def least_time(self, name):
        """The least time of one operation, in seconds."""
        arguments = [
            self.path, "--filter", f"{re.escape(name)}$", "--quiet", "--format", "json", "--columns", "name,min",
            "--min-time", str(self.seconds), "--max-iterations", "20000", "--warmup-iterations", "2",
            "--threads", str(self.threads), *[word for model in self.models for word in ("--model", model)]]
        output = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
        return json.loads(output)["benchmarks"][0]["min"] * 1e-9

    def write_models(self, folder):
        subprocess.run([self.path, "--write-models", folder], check=True)


# A small process of its own starts the program: what it is started from counts as its memory too.
LAUNCHER = """
import os, sys, time
start = time.perf_counter()
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[
    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
_, status, usage = os.wait4(pid, 0)
print(time.perf_counter() - start, usage.ru_maxrss * 1024)
sys.exit(os.waitstatus_to_exitcode(status) != 0)
"""


def process(arguments):
    """Runs a program to its end, in silence: seconds, and the most memory it had, in bytes."""
    result = subprocess.run([sys.executable, "-S", "-c", LAUNCHER, *arguments], capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}: {result.stderr.strip()}")
    seconds, memory = result.stdout.split()
    return float(seconds), int(memory)
