#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""embed.py OUTPUT STYLE... -- SCRIPT...: the assets of the HTML report as C arrays.

Styles are joined into one <style>, scripts into one <script>. Beside each stands the hash of exactly these bytes, as
the page's content security policy names it: nothing else may run there. "comment:" before a file makes it a comment.
"""
import base64
import hashlib
import sys


def joined(paths):
    parts = []
    for path in paths:
        comment = path.startswith('comment:')
        with open(path.removeprefix('comment:'), encoding='utf-8') as f:
            text = f.read()
        # A map names a file that no report has beside it.
        text = '\n'.join(line for line in text.splitlines() if 'sourceMappingURL=' not in line) + '\n'
        if comment:
            if '*/' in text:
                sys.exit(f'{path}: would end the comment it becomes')
            text = f'/*!\n{text}*/\n'
        parts.append(text)
    whole = '\n' + ''.join(parts)
    for end in ('</script', '</style', '<!--'):
        if end in whole.lower():
            sys.exit(f'{" ".join(paths)}: "{end}" in it would end the element it is put into')
    return whole.encode()


def array(name, data):
    lines = [','.join(map(str, data[i:i + 32])) for i in range(0, len(data), 32)]
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    return (f'const char report_web_{name}[{len(data)}] = {{\n' + ',\n'.join(lines) + '};\n'
            f'const size_t report_web_{name}_size = {len(data)};\n'
            f'const char report_web_{name}_hash[] = "sha256-{digest}";\n')


def main():
    output, *paths = sys.argv[1:]
    at = paths.index('--')
    with open(output, 'w', encoding='ascii') as f:
        f.write('/* Made by embed.py. */\n#include "report/html-parts.h"\n\n')
        f.write(array('style', joined(paths[:at])) + '\n' + array('script', joined(paths[at + 1:])))


main()
