"""Run the command line with `python -m mdm_policy`."""

from mdm_policy.cli import main

if __name__ == "__main__":
    main()
