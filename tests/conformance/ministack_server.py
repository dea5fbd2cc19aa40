"""Starts ministack with the mends that a correct client needs; each is listed in faults.py."""

from ministack.app import main

if __name__ == "__main__":
    main()
