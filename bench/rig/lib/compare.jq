# SPDX-License-Identifier: GPL-2.0-or-later
# Two run documents, as an array, into rows "what TAB first TAB second". Rounds are taken together; intervals are
# the documents' own. All rates are per second and CPU.

# Three significant digits.
def sig3:
  if . == 0 then "0"
  else pow(10; 2 - (log10 | floor)) as $f | (. * $f | round) / $f | tostring
  end;
def ns: if . < 1000 then "\(sig3) ns" elif . < 1e6 then "\(. / 1e3 | sig3) us" else "\(. / 1e6 | sig3) ms" end;
def percent: "\(. * 100 | sig3) %";
def range: "(\(.low | sig3)-\(.high | sig3))";
def rate: if . == null then "-" else "\(.entries_per_s | sig3) \(.entries_per_s_interval | range)" end;
def row($what; f): [$what] + map(f);

# Classes of kernel entries that either document saw.
def classes($cpu):
  [.[].totals[] | select(.cpu == $cpu) | .by_class | to_entries[] | select(.value.entries > 0) | .key] | unique;

def of($cpu): .totals[] | select(.cpu == $cpu);

def cpu_rows($cpu):
  row("CPU \($cpu)"; ""),
  (classes($cpu)[] as $c | row("  \($c), entries/s (95%)"; of($cpu).by_class[$c] | rate)),
  row("  interruptions/s"; of($cpu).interruptions_per_s.merged | sig3),
  row("  time stolen"; of($cpu).stolen_share.merged | percent),
  (("p50", "p99", "p99.9", "p99.99", "max") as $p | row("  jitter \($p)"; of($cpu).jitter_ns[$p].merged | ns));

def churn_rows:
  ([.[].churn[].name] | unique[]) as $n
  | row("churn \($n), operations/s";
      [.churn[] | select(.name == $n)] | (map(.operations) | add) / (map(.measured_s) | add) | sig3);

([.[].totals[].cpu] | unique[]) as $cpu | cpu_rows($cpu),
(if $cpu == ([.[].totals[].cpu] | max) then churn_rows else empty end)
| @tsv
