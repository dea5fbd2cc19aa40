"""Where answers of the sandbox and of ministack differ, by name, with the reason.

Each entry is (operation, side, beginning of the path): reason. The side says who has the path:
`sandbox`, `ministack`; or `code` for the code of a refusal, as `ours theirs`.
"""

LISTED = {
}


def known(unused, operation, path, side):
    """Whether a difference is listed; strikes its entry off the unused ones."""
    for entry in LISTED:
        where, who, start = entry
        if who == side and where in (operation, operation.split(".")[0]) and path.startswith(start):
            unused.pop(entry, None)
            return True
    return False
