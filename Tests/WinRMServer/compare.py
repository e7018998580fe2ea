"""The server's answers beside those of real Windows: python compare.py RECORDINGS (all.jsonl)

For each recorded request of the command shell the server answers the same, and what elements and
attributes only one side has is printed, a line each: `invented` are the server's own."""

import json
import re
import sys
import xml.etree.ElementTree as tree

import wsman
from guest import Guest
from service import Service
from shells import Command, Machine

options = {"envelope_kb": 500, "timeout": 0.01}


def shape(element, path=""):
    path = f"{path}/{element.tag.split('}')[1]}"
    yield path
    for name in element.attrib:
        yield f"{path} {name.split('}')[-1]}"
    for child in element:
        yield from shape(child, path)


def prepared(request):
    """A machine in the state that the request wants, which a recording does not hold."""
    service = Service(Machine(Guest("/nowhere", [])), options)
    shell = service.machine.open({}, None)
    shell.id = request.selector("ShellId") or shell.id
    service.machine.shells = {shell.id.upper(): shell}
    return service, shell


def answer(request, recorded):
    service, shell = prepared(request)
    body = request.body.iter()
    id = next((part.get("CommandId") for part in body if part.get("CommandId")), None)
    text = tree.tostring(recorded, "unicode")
    if id and "2150858843" not in text:
        command = Command("x", False, {})
        command.id = id.upper()
        shell.commands[command.id] = command
        if "Stream" in text or "Done" in text:
            command.write("out")
            command.write("err", "stderr")
        if "Done" in text:
            command.finish(0)
    if "2150858843" in text and not id:
        service.machine.shells = {}
    service.machine.guest.program = lambda command: None if "2147942402" in text else lambda c: 0
    try:
        return wsman.reply(request, service.answer(request))
    except wsman.Fault as fault:
        return wsman.fault_reply(request, fault)


kinds = {}
for line in open(sys.argv[1], encoding="utf-8"):
    row = json.loads(line)
    if wsman.CMD not in row["request"]:
        continue
    # Some were kept with a declaration that was true of another encoding.
    text = re.sub(r"^<\?xml.*?\?>", "", row["request"])
    request = wsman.Request(text.encode(), 1 << 30)
    recorded = tree.fromstring(row["response"])
    theirs, ours = set(shape(recorded)), set(shape(tree.fromstring(answer(request, recorded))))
    kind = kinds.setdefault((request.verb, row["status"]), [0, set(), set()])
    kind[0] += 1
    kind[1] |= theirs
    kind[2] |= ours

count = 0
for (verb, status), (seen, theirs, ours) in sorted(kinds.items()):
    count += seen
    for path in sorted(ours - theirs):
        print(f"{verb} {status} invented {path}")
    for path in sorted(theirs - ours):
        print(f"{verb} {status} lacks {path}")
print(f"{count} compared")
