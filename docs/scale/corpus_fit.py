"""Fits the laws of activity and group sizes to chat logs in the format of `tidings import`.

    python3 docs/scale/corpus_fit.py en_sample.jsonl.gz cjk_sample.jsonl.gz
"""

import gzip
import json
import sys
from collections import Counter, defaultdict
from math import log, sqrt


def read_lines(name):
    with gzip.open(name, "rt") if name.endswith(".gz") else open(name) as lines:
        yield from map(json.loads, lines)


def fit_lognormal(values):
    """The mean and the standard deviation of the logarithms: the maximum likelihood estimate."""
    logs = [log(value) for value in values]
    mean = sum(logs) / len(logs)
    return mean, sqrt(sum((value - mean) ** 2 for value in logs) / len(logs))


def share_of_busiest(values, share):
    ordered = sorted(values, reverse=True)
    return sum(ordered[: max(1, int(len(ordered) * share))]) / sum(ordered)


def hour_peak(lines):
    """The busiest hour of the day against the mean, of lines whose time is not made up."""
    real = [line for line in lines if not line.get("time_made_up")]
    real = [line for line in real if not line["id"].startswith("tw")]
    hours = Counter(line["sent_at"][11:13] for line in real)
    return max(hours.values()) / len(real) * 24


def describe(name, values):
    mean, deviation = fit_lognormal(values)
    busiest = share_of_busiest(values, 0.01)
    return f"| {name} | {len(values)} | {mean:.2f} | {deviation:.2f} | {busiest:.0%} |"


def main():
    print("| what | number | mean of ln | sd of ln | share of the top 1 % |\n|---|---|---|---|---|")
    for name in sys.argv[1:]:
        lines = list(read_lines(name))
        senders, messages = defaultdict(set), Counter()
        for line in lines:
            senders[line["conversation"]].add(line["sender"])
            messages[line["conversation"]] += 1
        file = name.rsplit("/", 1)[-1]
        by_sender = Counter(line["sender"] for line in lines)
        print(describe(f"messages of a sender, {file}", by_sender.values()))
        print(describe(f"messages of a conversation, {file}", messages.values()))
        groups = [len(who) for who in senders.values() if len(who) > 2]
        print(describe(f"senders of a group of 3 or more, {file}", groups))
        print(f"\n{file}: busiest hour {hour_peak(lines):.1f} times the mean\n")


if __name__ == "__main__":
    main()
