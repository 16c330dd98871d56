"""`python -m baimo`: the command line."""

from baimo.cli.main import main

if __name__ == "__main__":
    main()
