#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""embed.py OUTPUT ARRAY.KIND FILE... [-- ARRAY.KIND FILE...]...: what pages carry with them, as C arrays.

The files of an array are joined. Beside it stand the hash of exactly these bytes, as a page's content security policy
names it: nothing else may run there; and the name that it has as a file of a site, with the beginning of that hash, so
that a browser may keep it for ever. "comment:" before a file makes it a comment.
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


def array(name, kind, data):
    lines = [','.join(map(str, data[i:i + 32])) for i in range(0, len(data), 32)]
    digest = hashlib.sha256(data).digest()
    return (f'const char {name}[{len(data)}] = {{\n' + ',\n'.join(lines) + '};\n'
            f'const size_t {name}_size = {len(data)};\n'
            f'const char {name}_hash[] = "sha256-{base64.b64encode(digest).decode()}";\n'
            f'const char {name}_name[] = "{name.split("_")[0]}-{digest[:6].hex()}.{kind}";\n')


def main():
    output, *words = sys.argv[1:]
    with open(output, 'w', encoding='ascii') as f:
        f.write('/* Made by embed.py. */\n#include "report/dashboard-parts.h"\n\n')
        while words:
            end = words.index('--') if '--' in words else len(words)
            name, kind = words[0].rsplit('.', 1)
            f.write(array(name, kind, joined(words[1:end])) + '\n')
            words = words[end + 1:]


main()
