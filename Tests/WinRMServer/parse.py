"""Whether Windows PowerShell 5.1 can read scripts: python parse.py FILE…

Says what is wrong, a line each, and exits with 1 where anything is. The grammar is
tree-sitter-powershell's; it takes three things that 5.1 refuses, which are looked for here.
"""

import re
import sys

import tree_sitter
import tree_sitter_powershell

parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


def nodes(node):
    yield node
    for child in node.children:
        yield from nodes(child)


def faults(source):
    root = parser.parse(source).root_node
    for node in nodes(root):
        line = node.start_point[0] + 1
        text = source[node.start_byte : node.end_byte].decode("utf-8", "replace")
        if node.is_error or node.is_missing:
            yield line, f"can't be read: {text[:60]!r}"
        if node.type in ("&&", "||"):
            yield line, "5.1 has no && and ||"
        if node.type == "try_statement":
            kinds = {child.type for child in node.children}
            if not any("catch" in kind or "finally" in kind for kind in kinds):
                yield line, "a try without catch or finally"
        if node.type == "expandable_string_literal" and re.search(r"(?<!`)\$\w+:(?![\w:])", text):
            yield line, "a variable before a colon wants braces: ${name}:"


found = False
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        source = file.read()
    for line, fault in faults(source):
        found = True
        print(f"{path}:{line}: {fault}")
sys.exit(found)
