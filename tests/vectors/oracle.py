"""Merges what it is given, one case a line, by the independent model in the folder that is its argument.

-> {"carry": bool, "left": [[timestamp, file ident, hex], ...], "right": [...]}
<- {"left": [hex, ...], "right": [...]} or {"refused": why}
"""
import json
import sys

sys.path.insert(0, sys.argv[1])
import model


def changesets(side):
    return [model.CS(model.decode(bytes.fromhex(hex_)), timestamp, ident) for timestamp, ident, hex_ in side]


for line in sys.stdin:
    case = json.loads(line)
    model.ReferenceMove = not case["carry"]
    try:
        left, right = model.merge(changesets(case["left"]), changesets(case["right"]))
        answer = {"left": [model.encode(c).hex() for c in left], "right": [model.encode(c).hex() for c in right]}
    except model.BadMerge as error:
        answer = {"refused": str(error)}
    print(json.dumps(answer))
