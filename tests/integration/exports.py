#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tlbnoise export, held against what the formats' own specifications say, and against the documents it came from.

CSV and JSON lines are read by Python's readers. The trace is checked by the rules of the Trace Event Format: what each
phase must have, times that rise and slices that nest on each track, arrows that have both ends inside of slices. The
histogram log is decoded twice: here, from the definition of the encoding, and by HdrHistogram's own log processor
where Debian's libhdrhistogram-java and a Java are there.
"""
import base64
import bisect
import collections
import csv
import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

import documents
import live

JAR = '/usr/share/java/hdrhistogram.jar'
SECOND = documents.SECOND
FLUSH, TICK, UNEXPLAINED = 0, 5, 13  # numbers of classes in raw records
NOBODY = 0xffffffff
NAME = 'say "hi", \\ <b>'  # what each format has to escape
STACK = ['smp_call_function_many_cond+0x2a1', 'on_each_cpu_cond_mask+0x24', 'vunmap,"x"+0x1']


def cause(name, **keys):
    return {'class': name, 'function': '', 'detail': '', 'culprit': '', 'callsite': '', 'sender_comm': '',
            'sender_cpus': '', 'local': False, 'stack': [], 'entries': 4, 'matched': 3, 'too_short': 1,
            'interruptions': 3, 'stolen_ticks': 80000, 'max_ticks': 2400} | keys


def records_of(doc):
    """(cpu, round, start, end, cause, class): 40 a window, each second one begins where the one before ended."""
    records = []
    for c in doc['cpus']:
        at = int(c['window_open_ticks'])
        for i in range(40):
            at += 1000003 if i % 2 == 0 else 0
            kind, which = ((FLUSH, 0), (TICK, 1), (UNEXPLAINED, NOBODY))[i % 3]
            end = at + 1500 + 37 * i + (90000 if i == 39 else 0)
            records.append((c['cpu'], c['round'], at, end, which, kind))
            at = end
    return records


def entry(name, at, sender=None, delivery=0):
    return {'class': name, 'at_ticks': str(at), 'function': 'do_kernel_range_flush', 'detail': 'call function',
            'culprit': 'vunmap', 'sender_cpu': sender, 'sender_pid': 77 if sender is not None else None,
            'sender_comm': NAME if sender is not None else '', 'delivery_ticks': delivery}


def worst_of(records):
    """Of each window the longest; and one send that reaches two CPUs, and one of an older document, without its time."""
    longest = [r for r in records if r[3] - r[2] > 90000]
    worst = []
    for i, (cpu, number, start, end, _, _) in enumerate(longest):
        entries = [entry('kernel-tlb-flush', start + 700, 0, 0 if i == 3 else 2500), entry('softirq', start + 1400)]
        worst.append({'start_ticks': str(start), 'end_ticks': str(end), 'cpu': cpu, 'round': number,
                      'class': 'kernel-tlb-flush', 'cause': 0, 'n_entries': 300, 'entries': entries})
    return sorted(worst, key=lambda w: int(w['start_ticks']) - int(w['end_ticks']))


def make(path, run_id, raw=True, hz=1e9, **head):
    doc = documents.document(run_id, 1, entry_ns={(True, 'getpid'): 150}, rounds=3, clock__hz=hz, **head)
    records = records_of(doc)
    for i, r in enumerate(records):  # class of the longest, as its cause has it
        if r[3] - r[2] > 90000:
            records[i] = r[:4] + (0, FLUSH)
    doc['causes'] = [cause('kernel-tlb-flush', function='do_kernel_range_flush', culprit='vunmap', sender_comm=NAME,
                           sender_cpus='0-1', stack=STACK),
                     cause('tick', function='tick_nohz_handler', detail='local timer')]
    doc['worst'] = worst_of(records)
    doc['raw'] = {'file': f'{run_id}.raw' if raw else '', 'records': len(records) if raw else 0, 'error': ''}
    documents.write(path, doc)
    if raw:
        with open(os.path.join(os.path.dirname(path), f'{run_id}.raw'), 'wb') as f:
            f.write(struct.pack('<6sHIIdQ40s56x', b'TNRAW\0', 1, 128, 32, hz, len(records), run_id.encode()))
            for cpu, number, start, end, which, kind in records:
                f.write(struct.pack('<QQIHHBB6x', start, end, which, cpu, number, kind, 1))
    return doc, records


def export(t, what, *arguments, err=''):
    r = live.tlbnoise('export', *arguments)
    t.equal(f'{what}: exit status and stderr', (r.status, r.err), (0, err))
    return r.out


def counted(doc, key='interruptions'):
    return sum(c[key]['count'] for c in doc['cpus'])


# --- CSV and JSON lines

def csv_tables(t, path, doc, records, missing):
    rows = list(csv.DictReader(io.StringIO(export(t, 'metrics', '--format', 'csv', path))))
    jitter = {(int(r['cpu']), int(r['round'])): float(r['value']) for r in rows if r['metric'] == 'jitter.max'}
    t.equal('metrics: the maximum of jitter of each CPU and round', jitter,
            {(c['cpu'], c['round']): float(c['jitter']['max_ticks']) for c in doc['cpus']})
    rows = list(csv.DictReader(io.StringIO(export(t, 'causes', '--format', 'csv', '--table', 'causes', path))))
    keys = ('class', 'function', 'culprit', 'sender_comm', 'sender_cpus')
    t.equal('causes: who', [tuple(r[k] for k in keys) for r in rows],
            [tuple(c[k] for k in keys) for c in doc['causes']])
    t.equal('causes: how often and how long', [(int(r['entries']), float(r['stolen_ns'])) for r in rows],
            [(c['entries'], float(c['stolen_ticks'])) for c in doc['causes']])
    text = export(t, 'interruptions', '--format', 'csv', '--table', 'interruptions', path, err=missing)
    rows = list(csv.DictReader(io.StringIO(text)))
    t.equal('interruptions: all, in order',
            [(int(r['cpu']), int(r['round']), int(r['start_ticks']), int(r['end_ticks']), r['cause']) for r in rows],
            [r[:4] + ('' if r[4] == NOBODY else str(r[4]),) for r in records])
    t.equal('interruptions: length and sender',
            [(float(r['length_ns']), r['sender_comm']) for r in rows],
            [(float(r[3] - r[2]), NAME if r[4] == 0 else '') for r in records])


def json_lines(t, path, doc, records, missing):
    lines = [json.loads(line) for line in export(t, 'jsonl', '--format', 'jsonl', path, err=missing).splitlines()]
    opened = {(c['cpu'], c['round']): int(c['window_open_ticks']) for c in doc['cpus']}
    t.equal('jsonl: a line for each interruption',
            [(x['cpu'], x['round'], int(x['start_ticks']), int(x['end_ticks'])) for x in lines],
            [r[:4] for r in records])
    t.equal('jsonl: seconds in its window', [round(x['at_s'] * 1e9) for x in lines],
            [r[2] - opened[r[:2]] for r in records])
    by_cause = [x for x in lines if x['cause'] and x['cause']['index'] == 0]
    t.equal('jsonl: its cause with sender and stack',
            {(x['cause']['sender_comm'], x['cause']['sender_cpus'], tuple(x['cause']['stack'])) for x in by_cause},
            {(NAME, '0-1', tuple(STACK))})
    t.equal('jsonl: no cause is null', {x['class'] for x in lines if x['cause'] is None}, {'unexplained'})
    listed = [x for x in lines if 'entries' in x]
    t.equal('jsonl: what the document lists has its entries', len(listed), len(doc['worst']))
    t.equal('jsonl: when each ran and was sent, and by whom',
            {tuple((e['after_ns'], e['sender_cpu'], e['sent_before_ns']) for e in x['entries']) for x in listed},
            {((700, 0, 2500), (1400, None, None)), ((700, 0, None), (1400, None, None))})
    t.equal('jsonl: entries beyond 255', {x['n_entries'] for x in listed}, {300})


# --- the trace

NEEDED = {'X': {'name', 'cat', 'ts', 'dur', 'pid', 'tid'}, 'i': {'name', 'cat', 'ts', 'pid', 'tid', 's'},
          's': {'name', 'cat', 'ts', 'pid', 'tid', 'id'}, 'f': {'name', 'cat', 'ts', 'pid', 'tid', 'id', 'bp'},
          'M': {'name', 'pid', 'tid', 'args'}}


def whole_ns(value):
    """As readers do it that multiply and cut off."""
    return int(value * 1000)


def faults_of(trace):
    """What the rules of the format are broken by; an empty list is a good trace."""
    faults, tracks, ends = [], collections.defaultdict(list), {}
    named = {(e['pid'], e['tid']) for e in trace['traceEvents'] if e['ph'] == 'M' and e['name'] == 'thread_name'}
    for e in trace['traceEvents']:
        if e['ph'] not in NEEDED or not NEEDED[e['ph']] <= e.keys():
            faults.append(f'keys of {e}')
            continue
        if e['ph'] == 'M':
            continue
        if (e['pid'], e['tid']) not in named:
            faults.append(f'a track without a name: {e}')
        if e['ts'] < 0 or e.get('dur', 0) < 0:
            faults.append(f'time runs backwards: {e}')
        if e['ph'] in 'Xi':
            tracks[e['pid'], e['tid']].append(e)
        if e['ph'] in 'sf':
            if (e['ph'], e['id']) in ends:
                faults.append(f'an end of an arrow twice: {e}')
            ends[e['ph'], e['id']] = e
        if 'sf' in e and e['sf'] not in trace['stackFrames']:
            faults.append(f'no such stack frame: {e["sf"]}')
    for track, events in tracks.items():
        faults += overlaps(track, events)
    for frame in trace['stackFrames'].values():
        if 'parent' in frame and frame['parent'] not in trace['stackFrames']:
            faults.append(f'no such parent: {frame}')
    return faults + arrow_faults(tracks, ends)


def overlaps(track, events):
    faults, last, busy = [], 0, 0
    for e in events:
        start = whole_ns(e['ts'])
        if start < last:
            faults.append(f'track {track}: earlier than the event before: {e}')
        if e['ph'] == 'X' and start < busy:
            faults.append(f'track {track}: overlaps the slice before: {e}')
        last = start
        busy = start + whole_ns(e['dur']) if e['ph'] == 'X' else busy
    return faults


def slice_at(tracks, e):
    """The slice that encloses an arrow's end, as bp "e" wants it."""
    slices = [x for x in tracks[e['pid'], e['tid']] if x['ph'] == 'X']
    i = bisect.bisect_right([whole_ns(x['ts']) for x in slices], whole_ns(e['ts'])) - 1
    if i < 0 or whole_ns(e['ts']) > whole_ns(slices[i]['ts']) + whole_ns(slices[i]['dur']):
        return None
    return slices[i]


def arrow_faults(tracks, ends):
    faults = []
    for (phase, number), e in ends.items():
        if ('f' if phase == 's' else 's', number) not in ends:
            faults.append(f'an arrow with one end: {e}')
        if not slice_at(tracks, e):
            faults.append(f'an arrow that ends in no slice: {e}')
        if phase == 's' and number and ('f', number) in ends and ends['f', number]['ts'] < e['ts']:
            faults.append(f'an arrow that points back in time: {e}')
    return faults


def trace(t, path, doc, records, missing, hz=1e9):
    x = json.loads(export(t, 'trace', '--format', 'perfetto', path, err=missing))
    events = x['traceEvents']
    t.equal('trace: keeps the rules of the format', faults_of(x), [])
    slices = [e for e in events if e.get('cat') == 'interruption']
    t.equal('trace: a slice for each interruption, on its CPU', [e['pid'] for e in slices], [r[0] + 1 for r in records])
    base = int(x['otherData']['time_0_ticks'])
    t.equal('trace: when, to the nanosecond', [whole_ns(e['ts']) for e in slices],
            [round((r[2] - base) * 1e9 / hz) for r in records])
    t.equal('trace: rounds', len([e for e in events if e.get('cat') == 'round']), len(doc['cpus']))
    kernel = [e for e in events if e.get('cat') == 'kernel']
    t.equal('trace: kernel events of the worst', len(kernel), sum(len(w['entries']) for w in doc['worst']))
    starts = {e['id']: e for e in events if e['ph'] == 's'}
    t.equal('trace: an arrow for each send', len(starts), len(doc['worst']))
    t.equal('trace: from the sender', {e['pid'] for e in starts.values()}, {1})
    sends = [e for e in events if e.get('cat') == 'send' and e['ph'] == 'X']
    t.equal('trace: whose task has its name', {e['args']['task'] for e in sends}, {NAME})
    t.ok('trace: one send that reached two CPUs is one slice', any(e['args']['to CPUs'] == '2-3' for e in sends), sends)
    t.equal('trace: a time that is not known is not made up',
            [e['args']['time of sending'] for e in sends if e['args']['time of sending'] != 'recorded'],
            ['not recorded: drawn at the arrival'])
    frame, stack = x['stackFrames'][next(e['sf'] for e in slices if 'sf' in e)], []
    while frame:
        stack.append(frame['name'])
        frame = x['stackFrames'].get(frame.get('parent'))
    t.equal('trace: the stack, innermost first', stack, STACK)


def broken_traces(t, path):
    """The rules are no rubber stamp: each fault is found."""
    good = json.loads(live.tlbnoise('export', '--format', 'perfetto', path).out)
    slices = [i for i, e in enumerate(good['traceEvents']) if e.get('cat') == 'interruption']

    def with_change(change):
        bad = json.loads(json.dumps(good))
        change(bad['traceEvents'])
        return len(faults_of(bad)) > 0

    t.ok('a slice that overlaps is found', with_change(lambda e: e[slices[2]].update(dur=5e6)))
    t.ok('an event without a time is found', with_change(lambda e: e[slices[2]].pop('ts')))
    t.ok('events out of order are found', with_change(lambda e: e.insert(len(e), e.pop(slices[2]))))
    t.ok('an arrow without its end is found',
         with_change(lambda e: e.remove(next(x for x in e if x['ph'] == 'f'))))
    t.ok('an arrow from nowhere is found',
         with_change(lambda e: next(x for x in e if x['ph'] == 's').update(ts=1e9)))


# --- the histogram log

def leb128(data):
    """Values of ZigZag LEB128-64b9B: seven bits a byte, the ninth has eight."""
    at = 0
    while at < len(data):
        value = shift = 0
        for i in range(9):
            byte = data[at]
            at += 1
            value |= (byte if i == 8 else byte & 0x7f) << shift
            shift += 7
            if i < 8 and not byte & 0x80:
                break
        yield (value >> 1) ^ -(value & 1)


def decode(text):
    """{highest equivalent value of its bucket: count}, and significant digits, from the definition of the encoding."""
    packed = base64.b64decode(text, validate=True)
    cookie, size = struct.unpack_from('>ii', packed)
    assert cookie == 0x1c849314 and size == len(packed) - 8, (hex(cookie), size, len(packed))
    plain = zlib.decompress(packed[8:])
    cookie, size, offset, digits, lowest, highest, ratio = struct.unpack_from('>iiiiqqd', plain)
    assert (cookie, offset, lowest, ratio) == (0x1c849313, 0, 1, 1.0), (hex(cookie), offset, lowest, ratio)
    assert size == len(plain) - 40, (size, len(plain))
    sub = 1 << (2 * 10 ** digits - 1).bit_length()
    counts, index = {}, 0
    for v in leb128(plain[40:]):
        if v > 0:
            bucket, at = (0, index) if index < sub else (index // (sub // 2) - 1, index % (sub // 2) + sub // 2)
            counts[((at + 1) << bucket) - 1] = v
        index += max(1, -v)
    assert max(counts) <= highest * (1 + 2 / sub) + 1, (max(counts), highest)
    return counts, digits


def bucket_high(index):
    shift = max(0, (index >> 7) - 1)
    return ((index + 1 - (shift << 7)) << shift) - 1


def expected(histogram, hz):
    """What the document's buckets are in ns, by the value that its percentiles give."""
    counts = collections.Counter()
    for index, n in histogram['buckets']:
        counts[min(bucket_high(index), histogram['max_ticks']) * 1e9 / hz] += n
    return sorted(counts.items())


def histograms_of(doc):
    for c in doc['cpus']:
        yield f'jitter.cpu{c["cpu"]}', c, c['jitter']
        yield f'interruption.cpu{c["cpu"]}', c, c['interruptions']
    for e in doc['entry_costs']:
        yield f'entry.{e["operation"]}.{e["condition"]}.cpu{e["cpu"]}', e, e['cost']


def lines_of(text):
    return [re.fullmatch(r'Tag=([^, ]+),([0-9.]+),([0-9.]+),([0-9.]+),([A-Za-z0-9+/=]+)', line)
            for line in text.splitlines() if not line.startswith(('#', '"'))]


def same_histogram(counts, digits, histogram, hz):
    """Counts exact, values within the stated precision and half of a nanosecond."""
    want = expected(histogram, hz)
    if sum(counts.values()) != sum(n for _, n in want):
        return False
    for (high, n) in sorted(counts.items()):
        while n > 0:
            value, m = want.pop(0)
            if not value - 0.5 <= high <= value * (1 + 10 ** -digits) + 1:
                return False
            n -= m
        if n:
            return False
    return not want


def hdr(t, path, doc, hz, folder):
    text = export(t, 'hdr', '--format', 'hdr', path)
    head = [line for line in text.splitlines() if line.startswith(('#', '"'))]
    t.ok('hdr: the lines that its readers look for',
         '#[Histogram log format version 1.3]' in head and
         any(re.match(r'#\[StartTime: [0-9.]+ \(seconds since epoch\), ', line) for line in head) and
         any(re.match(r'#\[BaseTime: [0-9.]+ \(seconds since epoch\)\]', line) for line in head) and
         head[-1] == '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"', head)
    lines, source = lines_of(text), collections.defaultdict(list)
    for tag, where, histogram in histograms_of(doc):
        source[tag].append((where, histogram))
    t.ok('hdr: each line is an interval', all(lines), text[:500])
    t.equal('hdr: a line for each histogram', sorted(m[1] for m in lines),
            sorted(tag for tag, _, h in histograms_of(doc) if h['count']))
    bad = []
    for m in lines:
        where, histogram = source[m[1]].pop(0)
        counts, digits = decode(m[5])
        length = (int(where['window_close_ticks']) - int(where['window_open_ticks'])) / hz
        if (digits != 3 or not same_histogram(counts, digits, histogram, hz) or abs(float(m[3]) - length) > 6e-4 or
                abs(float(m[4]) * 1e6 - histogram['max_ticks'] * 1e9 / hz) > 0.51):
            bad.append(m[0])
    t.equal('hdr: counts exact, values within 1/1000 of the document, the maximum exact', bad, [])
    t.equal('hdr: times rise', [float(m[2]) for m in lines], sorted(float(m[2]) for m in lines))
    java(t, text, doc, hz, folder)


def processor(log, *arguments):
    r = subprocess.run(['java', '-Xmx256m', '-cp', JAR, 'org.HdrHistogram.HistogramLogProcessor', '-i', log, *arguments],
                       capture_output=True, text=True, timeout=live.LONG, check=False)
    return r.stdout + r.stderr


def java(t, text, doc, hz, folder):
    if not os.access(JAR, os.R_OK) or not shutil.which('java'):
        print('# skipped: HdrHistogram\'s own reader: install libhdrhistogram-java and a Java')
        return
    log = f'{folder}/export.hlog'
    with open(log, 'w', encoding='utf-8') as f:
        f.write(text)
    tags = {m[1] for m in lines_of(text)}
    out = processor(log, '-listtags')
    t.equal('HdrHistogram: finds the tags', {line.strip() for line in out.splitlines() if '.cpu' in line}, tags)
    for tag in sorted(tags):
        parts = [h for name, _, h in histograms_of(doc) if name == tag]
        out = processor(log, '-tag', tag, '-outputValueUnitRatio', '1')
        total = re.search(r'Total count\s*=\s*(\d+)', out)
        most = re.search(r'#\[Max\s*=\s*([0-9.]+)', out)
        want = max(p['max_ticks'] for p in parts) * 1e9 / hz
        t.ok(f'HdrHistogram: {tag}, count and maximum over the rounds',
             total and int(total[1]) == sum(p['count'] for p in parts) and most and
             want - 1 <= float(most[1]) <= want * 1.001 + 1, out[-600:])


def content(path):
    with open(path, 'rb') as f:
        return f.read()


def copies(t, path):
    """A document that is a file: copied as it is, its interruptions beside it; without them it says so."""
    folder = os.path.dirname(path)
    raw = os.path.join(folder, json.load(open(path, encoding='utf-8'))['raw']['file'])
    to = os.path.join(folder, 'copies')
    os.mkdir(to)
    r = live.tlbnoise('export', path, '-o', f'{to}/one.json')
    t.equal('json of a file: no more on stderr', (r.status, r.err), (0, ''))
    t.equal('json of a file: the document byte for byte, ended by a newline', content(f'{to}/one.json'),
            content(path) + b'\n')
    t.equal('json of a file: its interruptions come along', content(f'{to}/one.raw'), content(raw))
    r = live.tlbnoise('export', f'{to}/one.json', '-o', f'{to}/one.json')
    t.ok('json of a file onto itself: nothing is lost', r.status == 0 and content(f'{to}/one.raw') == content(raw), r.err)
    os.rename(f'{to}/one.raw', f'{to}/elsewhere')
    r = live.tlbnoise('export', f'{to}/one.json', '-o', f'{to}/two.json')
    t.ok('json of a file without its interruptions: says so, in one line',
         r.status == 0 and r.err.startswith('tlbnoise: run run-a: its raw interruptions do not come along: ') and
         r.err.count('\n') == 1 and sorted(os.listdir(to)) == ['elsewhere', 'one.json', 'two.json'], r.err)


def main():
    t = live.Checks()
    with tempfile.TemporaryDirectory() as folder:
        doc, records = make(f'{folder}/a/run.json', 'run-a')
        path = f'{folder}/a/run.json'
        missing = (f'tlbnoise: run run-a: {len(records)} of {counted(doc)} interruptions are exported\n'
                   if len(records) < counted(doc) else '')
        csv_tables(t, path, doc, records, missing)
        json_lines(t, path, doc, records, missing)
        trace(t, path, doc, records, missing)
        broken_traces(t, path)
        copies(t, path)
        hdr(t, path, doc, 1e9, folder)
        # A rate at which ticks are no nanoseconds, and no raw records.
        doc, records = make(f'{folder}/b/run.json', 'run-b', raw=False, hz=2596123456.789)
        path = f'{folder}/b/run.json'
        listed = sorted((r for r in records if r[3] - r[2] > 90000), key=lambda r: r[2])
        missing = (f'tlbnoise: run run-b: {len(listed)} of {counted(doc)} interruptions are exported, the longest ones\n')
        trace(t, path, doc, listed, missing, 2596123456.789)
        hdr(t, path, doc, 2596123456.789, folder)
    return t.failed


if __name__ == '__main__':
    sys.exit(main() > 0)
