"""A key for each row of a table, as one writes it in Python: derive.py KEY_BASE64 IN OUT"""

import base64
import csv
import hashlib
import hmac
import sys

key = base64.b64decode(sys.argv[1])
with open(sys.argv[2], newline="") as given, open(sys.argv[3], "x", newline="") as made:
    rows = csv.reader(given)
    out = csv.writer(made, lineterminator="\n")
    header = next(rows)
    place = header.index("registration_id")
    out.writerow([*header, "symmetric_key"])
    for row in rows:
        tag = hmac.new(key, row[place].lower().encode(), hashlib.sha256).digest()
        out.writerow([*row, base64.b64encode(tag).decode()])
