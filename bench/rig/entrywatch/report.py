#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""For entrywatch. "map TREE": what its plugin has to know of a built kernel. "show": what the plugin saw, with
names: a table on stdout, JSON beside it.

Exit status of show: 0 every access to vmalloc space before the flush was on the current stack; 1 some was not; 2 the watch
is no evidence, since it lost something or saw too little.
"""
import argparse
import bisect
import json
import re
import subprocess
import sys

# Who allocates what the vmalloc range holds: the caller in /proc/vmallocinfo says.
OWNERS = (
    (r'dup_task_struct|copy_process|kernel_clone|alloc_thread_stack', 'other stack'),
    (r'irq_init_percpu_irqstack|map_irq_stack', 'interrupt stack'),
    (r'pcpu_get_vm_areas|pcpu_create_chunk', 'per-CPU chunk'),
    (r'module|execmem|bpf_|load_', 'module or program'),
)
BAD = ('vmalloc', 'modules')
BY_THE_CPU = 1  # in place of an instruction: table.h
COVERAGE = 0.9  # of the entry symbols, or the watch has seen too little
NMIS = 100      # from userspace, likewise

# The ways into the kernel. What begins with these and is not one: see unseen.list.
ENTRY = re.compile(r'asm_(exc|sysvec)_\w+|asm_(common_interrupt|spurious_interrupt|int80_emulation)|'
                   r'entry_(SYSCALL_64|SYSCALL_compat|SYSENTER_compat)')


def configured(tree):
    """The lines of its configuration."""
    with open(f'{tree}/.config', encoding='ascii') as f:
        return set(f.read().splitlines())


def deferring(tree):
    """Whether the kernel has the series."""
    return 'CONFIG_CONTEXT_TRACKING_WORK=y' in configured(tree)


def print_map(tree):
    """Addresses and offsets of the kernel, one a line. Offsets as the kernel's own build computed them."""
    names = {}
    for line in subprocess.run(['nm', f'{tree}/vmlinux'], check=True, capture_output=True, text=True).stdout.splitlines():
        parts = line.split()
        if len(parts) == 3:
            names.setdefault(parts[2], int(parts[0], 16))
    with open(f'{tree}/include/generated/asm-offsets.h', encoding='ascii') as f:
        offsets = dict(re.findall(r'#define (\w+) (\d+) ', f.read()))
    config, defers = configured(tree), deferring(tree)
    lines = {
        'noinstr_start': names['__noinstr_text_start'], 'noinstr_end': names['__noinstr_text_end'],
        'entry_start': names['__entry_text_start'], 'entry_end': names['__entry_text_end'],
        'top_of_stack': int(offsets['X86_top_of_stack']),
        'cpu_number': int(offsets['X86_current_task']) + 12,  # struct pcpu_hot: task, preempt_count, cpu_number
        'thread_size': 32768 if 'CONFIG_KASAN=y' in config else 16384,
        # enum of include/linux/context_tracking_state.h: the work bit of the series lies below RCU's counter
        'work_mask': 4 if defers else 0, 'watching_mask': 8 if defers else 4,
    }
    for name in ('per_cpu_offset', 'page_offset_base', 'vmalloc_base', 'phys_base', 'pcpu_hot', 'context_tracking'):
        lines[name] = names['__per_cpu_offset' if name == 'per_cpu_offset' else name]
    for name, value in lines.items():
        print(f'{name} {value:x}')
    for name in sorted(n for n in names if ENTRY.fullmatch(n)):
        print(f'entry:{name} {names[name]:x}')


class Symbols:
    """Names of the kernel's text, from its symbol table."""

    def __init__(self, vmlinux):
        lines = subprocess.run(['nm', '-n', vmlinux], check=True, capture_output=True, text=True).stdout.splitlines()
        table = [line.split() for line in lines]
        text = [(int(p[0], 16), p[2]) for p in table if len(p) == 3 and p[1] in 'TtWw']
        self.starts = [a for a, _ in text]
        self.names = [n for _, n in text]

    def name(self, address):
        if address == BY_THE_CPU:
            return 'the CPU itself, or userspace'
        i = bisect.bisect_right(self.starts, address) - 1
        return f'{self.names[i]}+{address - self.starts[i]:#x}' if i >= 0 else f'{address:#x}'


class Areas:
    """/proc/vmallocinfo as the guest had it at the end."""

    def __init__(self, path):
        self.areas = []
        for line in open(path, encoding='ascii', errors='replace'):
            m = re.match(r'0x([0-9a-f]+)-0x([0-9a-f]+)\s+\d+ (\S+)', line)
            if m:
                self.areas.append((int(m[1], 16), int(m[2], 16), m[3]))

    def owner(self, address):
        for low, high, caller in self.areas:
            if low <= address < high:
                kind = next((name for pattern, name in OWNERS if re.search(pattern, caller)), 'other')
                return f'{kind} ({caller})'
        return 'other (freed, or not listed)'


def rows(seen, symbols, areas):
    """One row for each instruction, target and phase; the worst first."""
    out = []
    for a in seen['accesses']:
        addresses = [int(x, 16) for x in a['addresses']]
        row = {
            'instruction': a['instruction'],
            'function': symbols.name(int(a['instruction'], 16)),
            'target': a['target'],
            'phase': a['phase'],
            'count': a['count'],
            'stores': a['stores'],
            'entry': a['entry'],
            'addresses': a['addresses'],
        }
        if a['target'] in BAD:
            row['owners'] = sorted({areas.owner(x) for x in addresses})
        out.append(row)
    return sorted(out, key=lambda r: (r['target'] not in BAD, r['target'], -r['count']))


def print_accesses(all_rows):
    print('Accesses while flushes may be missing (instructions, accesses):')
    for phase, words in (('in', 'on the way in'), ('out', 'on the way out')):
        print(f'  {words}:')
        for target in sorted({r['target'] for r in all_rows if r['phase'] == phase}):
            some = [r for r in all_rows if r['target'] == target and r['phase'] == phase]
            print(f"    {target:<12} {len(some):6} {sum(r['count'] for r in some):12}")
    bad = [r for r in all_rows if r['target'] in BAD]
    for r in bad:
        print(f"  OFF THE STACK: {r['function']} ({r['phase']}, {r['count']} times, from {r['entry'] or 'userspace'}): "
              f"{', '.join(r['addresses'][:2])}: {'; '.join(r['owners'])}")
    return bad


def print_entries(entries, reasons):
    seen = [e for e in entries if e['watched']]
    missing = [e for e in entries if not e['watched']]
    nmis = sum(e['watched'] for e in seen if e['symbol'] == 'asm_exc_nmi')
    print(f'\nEntry symbols seen from userspace on a deferring CPU: {len(seen)} of {len(entries)} '
          f'({100 * len(seen) / max(1, len(entries)):.0f} %), {sum(e["watched"] for e in seen)} entries, '
          f'{nmis} of them NMIs')
    for e in sorted(seen, key=lambda e: -e['watched']):
        print(f"  {e['symbol']:<42} {e['watched']:10} {'+' + str(e['nested']) + ' nested' if e['nested'] else ''}")
    for e in missing:
        print(f"  never: {e['symbol']:<35} {reasons.get(e['symbol'], 'no reason known: the load lacks it')}")
    return missing


def too_little(seen, defers):
    """Why this cannot show that a kernel is safe, or nothing. A kernel without the series has no work to do."""
    entries = {e['symbol']: e['watched'] for e in seen['entries']}
    watched = sum(1 for n in entries.values() if n)
    if defers and not seen['with_work']:
        return 'no window had a flush to do'
    if entries.get('asm_exc_nmi', 0) < NMIS:
        return f"{entries.get('asm_exc_nmi', 0)} NMIs came from userspace, which is less than {NMIS}"
    if watched < COVERAGE * len(entries):
        return f'{watched} of {len(entries)} entry symbols are less than {100 * COVERAGE:.0f} %'
    return ''


def load_reasons(path):
    """Lines "SYMBOL reason"."""
    if not path:
        return {}
    lines = [line.strip() for line in open(path, encoding='utf-8')]
    return dict(line.split(None, 1) for line in lines if line and not line.startswith('#'))


def main():
    if sys.argv[1:2] == ['map']:
        print_map(sys.argv[2])
        return 0
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('show', choices=['show'])
    parser.add_argument('--seen', required=True, help='what the plugin wrote')
    parser.add_argument('--tree', required=True, help='the folder in which the kernel was built')
    parser.add_argument('--vmallocinfo', required=True)
    parser.add_argument('--reasons', help='why an entry symbol cannot be seen')
    parser.add_argument('--json', help='write the result here, too')
    args = parser.parse_args()
    seen = json.load(open(args.seen, encoding='ascii'))
    if not seen['ready'] or seen['dropped'] or not seen['windows_in']['count']:
        print(f"entrywatch: no evidence: ready {seen['ready']}, {seen['dropped']} accesses lost, "
              f"{seen['windows_in']['count']} windows", file=sys.stderr)
        return 2
    symbols = Symbols(f'{args.tree}/vmlinux')
    all_rows = rows(seen, symbols, Areas(args.vmallocinfo))
    w_in, w_out = seen['windows_in'], seen['windows_out']
    print(f"Windows on the way in: {w_in['count']}, {seen['with_work']} of them with work to do; "
          f"instructions: median {w_in['median_instructions']}, longest {w_in['longest_instructions']}")
    print(f"Windows on the way out: {w_out['count']}; instructions: median {w_out['median_instructions']}, "
          f"longest {w_out['longest_instructions']}\n")
    bad = print_accesses(all_rows)
    outside = [{'block': o['instruction'], 'function': symbols.name(int(o['instruction'], 16)), 'phase': o['phase'],
                'count': o['count']} for o in seen['outside']]
    for o in sorted(outside, key=lambda o: -o['count']):
        print(f"  outside noinstr and entry text: {o['function']} ({o['phase']}, {o['count']} times)")
    missing = print_entries(seen['entries'], load_reasons(args.reasons))
    if args.json:
        result = {'schema': 'tlbnoise.entrywatch/1', 'windows_in': w_in, 'windows_out': w_out,
                  'with_work': seen['with_work'], 'entries': seen['entries'],
                  'missing': [e['symbol'] for e in missing], 'accesses': all_rows, 'outside': outside}
        with open(args.json, 'w', encoding='utf-8') as f:
            json.dump(result, f, indent=1)
    little = too_little(seen, deferring(args.tree))
    total = sum(r['count'] for r in all_rows if r['target'] in ('own-stack',) + BAD)
    print(f"\n{total} accesses to vmalloc space, {sum(r['count'] for r in bad)} of them off the current stack: "
          f"{'NOT SAFE' if bad else 'all on the current stack'}")
    if little and not bad:
        print(f'entrywatch: no evidence: {little}', file=sys.stderr)
    return 1 if bad else 2 if little else 0


if __name__ == '__main__':
    sys.exit(main())
